import EventFeed
import IntegrityCore
import Testing

/// Each row: what is wrong with the line, and what a person reads.
struct FeedFaultTests {
  private func fault(_ line: String) -> String? {
    #expect(throws: FeedFault.self, "\(line)") { try parser.parse(line, number: 7) }?.description
  }

  private static let objectsRows: [(line: String, description: String)] = [
    ("", "line 7: is blank: must be one JSON object {…}"),
    ("settled,1,2", "line 7: must be one JSON object {…}"),
    (
      "\u{feff}{}",
      "line 7: must begin with `{`: is it a byte order mark? Save the file without one"
    ),
    (#"{"type":"settled""#, "line 7: is cut off: `,` or `}` must follow"),
    (
      #"{"type":"settled"}{"#,
      "line 7: is not valid JSON: at byte 19 must be nothing after the closing `}`: one object a line"
    ),
    (
      #"{"at":012}"#,
      "line 7: `at` is not valid JSON: at byte 7 must be a number without leading zeros"
    ),
    (
      #"{"buyer":{"id":1}}"#,
      "line 7: `buyer` is an object: values are numbers, strings, true or false"
    ),
    (
      #"{"buyer":[1]}"#, "line 7: `buyer` is an array: values are numbers, strings, true or false"
    ),
    (#"{"buyer":1,"buyer":1}"#, "line 7: `buyer` is given twice"),
    (#"{"buyer":1,"bu\u0079er":1}"#, "line 7: `buyer` is given twice"),
    (#"{"buyr":1}"#, "line 7: `buyr` is not a field of a feed; did you mean `buyer`?"),
    (
      #"{"ordered_at":1}"#,
      "line 7: `ordered_at` is not a field of a feed; did you mean `orderedAt`?"
    ),
    (#"{"Sequnece":1}"#, "line 7: `Sequnece` is not a field of a feed; did you mean `sequence`?"),
    (#"{"price":1}"#, "line 7: `price` is not a field of a feed"),
    (#"{"":1}"#, "line 7: `` is not a field of a feed"),
  ]

  @Test("Lines that are not an object of known fields", arguments: objectsRows)
  func objects(line: String, description: String) {
    #expect(fault(line) == description)
  }

  private static let typesRows: [(line: String, description: String)] = [
    (
      "{}",
      "line 7: `type` is required: one of settled, pickedUp, cancelled, trackingInvalid, "
        + "scannedBeforeOrder, wrongDestination, emptyParcel, claimOpened, claimDecided, "
        + "claimWithdrawn, returnInspected, compensated"
    ),
    (#"{"type":1}"#, "line 7: `type` is a number: must be a string"),
    (#"{"type":null}"#, "line 7: `type` is null (leave the field out instead): must be a string"),
    (
      #"{"type":"picked_up"}"#,
      "line 7: `type` is \"picked_up\": must be one of settled, pickedUp, cancelled, "
        + "trackingInvalid, scannedBeforeOrder, wrongDestination, emptyParcel, claimOpened, "
        + "claimDecided, claimWithdrawn, returnInspected, compensated; did you mean `pickedUp`?"
    ),
  ]

  @Test("Types", arguments: typesRows)
  func types(line: String, description: String) {
    #expect(fault(line) == description)
  }

  private static let valuesRows: [(members: String, description: String)] = [
    // Times
    (#""at":"yesterday""#, #"`at` must be a time such as "2018-03-01T12:00:00Z""#),
    (
      #""at":"2018-03-01T12:00:00""#,
      "`at` lacks its offset: end it with Z for UTC, or one such as +08:00"
    ),
    (#""at":"2018-02-30T12:00:00Z""#, "`at` must be a day and a time of day that exist"),
    (
      #""at":1519905600000"#,
      "`at` looks like milliseconds: must be whole seconds since 1970"
    ),
    (
      #""at":1519905600.5"#,
      "`at` is a number with a fraction or an exponent: must be a time such as "
        + "\"2018-03-01T12:00:00Z\" or whole seconds since 1970"
    ),
    (
      #""at":-1"#,
      "`at` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (
      #""at":946684799"#,
      "`at` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (
      #""at":4294967296"#,
      "`at` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (
      #""at":"2106-02-07T06:28:16Z""#,
      "`at` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (
      #""at":99999999999999999999"#,
      "`at` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (#""at":2000000001"#, "`at` lies in the future: must be at most 1 day from now"),
    // 0 stands for "unknown" inside; told, it is a time like any other.
    (
      #""at":1519905600,"orderedAt":0"#,
      "`orderedAt` must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z"
    ),
    (
      #""at":1519905600,"buyer":1,"merchant":2,"orderedAt":1519905601"#,
      "`orderedAt` must not be after `at`: an order is placed before it is settled"
    ),
    // Keys
    (#""at":1519905600,"buyer":0"#, "`buyer` must be from 1 to 2^64-1"),
    (#""at":1519905600,"buyer":-1"#, "`buyer` must be from 1 to 2^64-1"),
    (
      #""at":1519905600,"buyer":18446744073709551616"#,
      "`buyer` must be from 1 to 2^64-1; write it as a string to have it hashed"
    ),
    (
      #""at":1519905600,"buyer":1.0"#,
      "`buyer` is a number with a fraction or an exponent: must be a whole number "
        + "from 1 to 2^64-1 or a string"
    ),
    (
      #""at":1519905600,"buyer":1e3"#,
      "`buyer` is a number with a fraction or an exponent: must be a whole number "
        + "from 1 to 2^64-1 or a string"
    ),
    (
      #""at":1519905600,"buyer":true"#,
      "`buyer` is a boolean: must be a whole number from 1 to 2^64-1 or a string"
    ),
    (
      #""at":1519905600,"buyer":"""#,
      "`buyer` must name something: neither the empty string nor 0"
    ),
    (
      #""at":1519905600,"order":"0""#,
      "`order` must name something: neither the empty string nor 0"
    ),
    // Amounts
    (
      #""at":1519905600,"buyer":1,"merchant":2,"amount":-1"#,
      "`amount` must be from 0 to 1000000000000 minor units (cents, fen)"
    ),
    (
      #""at":1519905600,"buyer":1,"merchant":2,"amount":1000000000001"#,
      "`amount` must be from 0 to 1000000000000 minor units (cents, fen)"
    ),
    (
      #""at":1519905600,"buyer":1,"merchant":2,"amount":18446744073709551616"#,
      "`amount` must be from 0 to 1000000000000 minor units (cents, fen)"
    ),
    (
      #""at":1519905600,"amount":9.99"#,
      "`amount` is a number with a fraction or an exponent: must be a whole number of minor units "
        + "(cents, fen), without quotes"
    ),
    (
      #""at":1519905600,"amount":"999""#,
      "`amount` is a string: must be a whole number of minor units (cents, fen), without quotes"
    ),
    // Source and sequence
    (
      #""at":1519905600,"source":1"#,
      "`sequence` is required where `source` is given: both or neither"
    ),
    (
      #""at":1519905600,"sequence":1"#,
      "`source` is required where `sequence` is given: both or neither"
    ),
    (#""at":1519905600,"source":0,"sequence":1"#, "`source` must be from 1 to 2^64-1"),
    (
      #""at":1519905600,"source":"a","sequence":1"#,
      "`source` is a string: must be a whole number from 1 to 2^64-1"
    ),
    // Fields of other types
    (
      #""at":1519905600,"late":true"#,
      "`late` does not belong to a line of type `settled`, which has `orderedAt`"
    ),
  ]

  @Test("Values", arguments: valuesRows)
  func values(members: String, description: String) {
    #expect(fault("{\"type\":\"settled\",\(members)}") == "line 7: \(description)")
  }

  private static let wordsRows: [(members: String, description: String)] = [
    (#""type":"pickedUp","late":"true""#, "`late` is a string: must be true or false"),
    (#""type":"pickedUp","late":1"#, "`late` is a number: must be true or false"),
    (
      #""type":"cancelled","by":"seller","cause":"other""#,
      "`by` is \"seller\": must be one of buyer, merchant"
    ),
    (
      #""type":"cancelled","by":"buyer","cause":"out-of-stock""#,
      "`cause` is \"out-of-stock\": must be one of outOfStock, other; did you mean `outOfStock`?"
    ),
    (
      #""type":"claimDecided","claimKind":"quality","verdict":"rejcted""#,
      "`verdict` is \"rejcted\": must be one of upheld, rejected, abuse; did you mean `rejected`?"
    ),
    (
      #""type":"emptyParcel","verdict":"upheld""#,
      "`verdict` does not belong to a line of type `emptyParcel`, which has no fields of its own"
    ),
    (
      #""type":"claimOpened","verdict":"upheld""#,
      "`verdict` does not belong to a line of type `claimOpened`, which has `claimKind` and `allegation`"
    ),
  ]

  @Test("Words", arguments: wordsRows)
  func words(members: String, description: String) {
    let line = #"{"at":1519905600,"buyer":1,"merchant":2,\#(members)}"#
    #expect(fault(line) == "line 7: \(description)")
  }

  /// Every field of a full line is left out in turn. The accounts that a type
  /// needs are those that `Event.fault` asks for.
  private static let requiredFieldsRows: [(line: String, required: [String])] = [
    (
      #"{"type":"settled","at":1519905600,"buyer":1,"merchant":2,"order":3,"claim":4,"amount":5,"orderedAt":1519900000,"source":6,"sequence":7}"#,
      ["type", "at", "buyer", "merchant", "source", "sequence"]
    ),
    (
      #"{"type":"pickedUp","at":1519905600,"buyer":1,"merchant":2,"order":3,"late":true}"#,
      ["type", "at", "merchant", "late"]
    ),
    (
      #"{"type":"cancelled","at":1519905600,"buyer":1,"merchant":2,"by":"buyer","cause":"other"}"#,
      ["type", "at", "buyer", "by", "cause"]
    ),
    (
      #"{"type":"cancelled","at":1519905600,"buyer":1,"merchant":2,"by":"merchant","cause":"other"}"#,
      ["type", "at", "merchant", "by", "cause"]
    ),
    (
      #"{"type":"emptyParcel","at":1519905600,"buyer":1,"merchant":2,"order":3}"#,
      ["type", "at", "merchant"]
    ),
    (
      #"{"type":"claimOpened","at":1519905600,"buyer":1,"merchant":2,"claim":3,"claimKind":"quality","allegation":"other"}"#,
      ["type", "at", "buyer", "merchant", "claimKind", "allegation"]
    ),
    (
      #"{"type":"claimDecided","at":1519905600,"buyer":1,"merchant":2,"claimKind":"quality","verdict":"upheld"}"#,
      ["type", "at", "buyer", "merchant", "claimKind", "verdict"]
    ),
    (
      #"{"type":"claimWithdrawn","at":1519905600,"buyer":1,"merchant":2,"openedAt":1519900000,"allegation":"other"}"#,
      ["type", "at", "buyer", "merchant", "openedAt", "allegation"]
    ),
    (
      #"{"type":"returnInspected","at":1519905600,"buyer":1,"merchant":2,"condition":"used"}"#,
      ["type", "at", "buyer", "condition"]
    ),
    (
      #"{"type":"compensated","at":1519905600,"buyer":1,"merchant":2,"amount":5}"#,
      ["type", "at", "buyer"]
    ),
  ]

  @Test("Required fields", arguments: requiredFieldsRows)
  func requiredFields(line: String, required: [String]) throws {
    _ = try parser.parse(line, number: 1)
    let members = line.dropFirst().dropLast().split(separator: ",").map(String.init)
    for left in members.indices {
      var rest = members
      let name = String(rest.remove(at: left).split(separator: "\"")[0])
      let shortened = "{\(rest.joined(separator: ","))}"
      if required.contains(name) {
        let fault = #expect(throws: FeedFault.self, "without \(name)") {
          try parser.parse(shortened, number: 1)
        }
        #expect(fault?.field == name)
        #expect(fault?.message.hasPrefix("is required") == true)
      } else {
        #expect(throws: Never.self, "without \(name)") { try parser.parse(shortened, number: 1) }
      }
    }
  }
}
