import ClaimStore
import Testing

@Suite("Numbered records")
struct NumberedRecordsTests {
  @Test(
    "keeps what was appended until it is removed from the front, over many chunks",
    arguments: [UInt32(0), 1, 4_095, 4_096, 4_097, 1_000_000])
  func frontAndEnd(first: UInt32) {
    var records = NumberedRecords<UInt64>(first: first)
    #expect(records.count == 0 && !records.contains(first))
    for offset in 0..<UInt32(20_000) {
      #expect(records.append(UInt64(offset)) == first + offset)
      if offset % 3 == 0 { records.removeFirst() }
    }
    #expect(records.next == first + 20_000 && records.first == first + 6_667)
    #expect(records.count == 13_333)
    for number in records.first..<records.next {
      #expect(records[number] == UInt64(number - first))
    }
    while records.count > 0 { records.removeFirst() }
    #expect(records.append(9) == first + 20_000 && records[first + 20_000] == 9)
  }

  @Test("a record is changed in its place")
  func change() {
    var records = NumberedRecords<UInt64>()
    for value in UInt64(0)..<5_000 { records.append(value) }
    records[4_500] = 1
    #expect(records[4_500] == 1 && records[4_499] == 4_499 && records[4_501] == 4_501)
  }
}
