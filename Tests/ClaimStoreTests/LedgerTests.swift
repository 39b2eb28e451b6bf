import ClaimStore
import IntegrityCore
import Testing

@Suite("Ledger of subsidies")
struct LedgerTests {
  private struct Book: ~Copyable {
    var claims = ClaimTable(seed: 1)
    var ledger = SubsidyLedger()
    var now = UnixSeconds(1_767_225_600)  // 2026-01-01T00:00:00Z

    init() { pass(days: 0) }

    mutating func open(
      _ id: UInt64, merchant: UInt64 = 9, amount: Int64 = 100, category: UInt32 = 0
    ) -> UInt32 {
      let claim = Claim(
        id: ClaimID(id), buyer: AccountID(7), merchant: AccountID(merchant), openedAt: now,
        amount: Minor(amount), category: category, kind: .quality, allegation: .defective)
      var record = ClaimRecord(claim, position: id, appliedAt: now)
      record.outcome = .platformCompensates
      record.firstOutcome = .platformCompensates
      return claims.append(record)
    }

    mutating func reserve(_ number: UInt32) {
      ledger.reserve(number, at: now, claims: &claims)
      ledger.checkInvariants(claims)
    }

    mutating func pass(days: Int, hours: Int = 0) {
      now = UnixSeconds(now.rawValue + UInt32(days * 86_400 + hours * 3_600))
      ledger.advance(to: now, reserveDays: 10, claims: &claims)
      ledger.checkInvariants(claims)
    }
  }

  @Test("what is reserved counts until it is released, and by the day it was reserved")
  func reserveAndRelease() {
    var book = Book()
    let first = book.open(1, amount: 100, category: 3)
    let second = book.open(2, amount: 50, category: 4)
    book.reserve(first)
    book.reserve(second)
    #expect(book.ledger.globalUsed == 150 && book.claims.used(ofMerchant: AccountID(9)) == 150)
    #expect(book.ledger.used(ofCategory: 3) == 100 && book.ledger.used(ofCategory: 4) == 50)
    book.ledger.release(first, as: .released, claims: &book.claims)
    book.ledger.checkInvariants(book.claims)
    #expect(book.ledger.globalUsed == 50 && book.claims.used(ofMerchant: AccountID(9)) == 50)
    book.ledger.commit(second, claims: &book.claims)
    book.pass(days: 1)
    #expect(book.ledger.globalUsed == 0 && book.ledger.used(ofCategory: 4) == 0)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 50)
    // Undone on another day: that day's budget is not made larger.
    book.ledger.release(second, as: .reversed, claims: &book.claims)
    book.ledger.checkInvariants(book.claims)
    #expect(book.ledger.globalUsed == 0 && book.claims.used(ofMerchant: AccountID(9)) == 0)
  }

  @Test("what is not paid in time expires to the second; what is paid leaves after 30 days")
  func timePasses() {
    var book = Book()
    let unpaid = book.open(1)
    let paid = book.open(2)
    book.reserve(unpaid)
    book.reserve(paid)
    book.ledger.commit(paid, claims: &book.claims)
    book.pass(days: 9, hours: 23)
    #expect(book.claims[unpaid].subsidy == .reserved)
    book.pass(days: 0, hours: 1)
    #expect(book.claims[unpaid].subsidy == .expired && book.claims[paid].subsidy == .committed)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 100)
    book.pass(days: 19, hours: 23)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 100)
    book.pass(days: 0, hours: 1)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 0)
    #expect(book.claims[paid].subsidy == .committed)
  }

  @Test("a backlog is worked off step by step, and counts until then")
  func backlog() {
    var book = Book()
    for id in UInt64(1)...600 {
      let number = book.open(id, amount: 1)
      book.ledger.reserve(number, at: book.now, claims: &book.claims)
    }
    book.pass(days: 40)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == Int64(600 - SubsidyLedger.stepsMax))
    book.pass(days: 0)
    book.pass(days: 0)
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 0)
    #expect((0..<600).allSatisfy { book.claims[$0].subsidy == .expired })
  }

  @Test("reserved once more, a claim counts from the second time on")
  func reservedTwice() {
    var book = Book()
    let number = book.open(1)
    book.reserve(number)
    book.ledger.release(number, as: .released, claims: &book.claims)
    book.pass(days: 5)
    book.reserve(number)
    book.pass(days: 5)
    #expect(book.claims[number].subsidy == .reserved)
    book.pass(days: 5)
    #expect(book.claims[number].subsidy == .expired)
  }

  @Test("a merchant's sum moves to its newest claim, and the others keep none")
  func merchantSum() {
    var book = Book()
    for id in UInt64(1)...5 {
      let number = book.open(id, merchant: id == 3 ? 8 : 9, amount: 10)
      book.reserve(number)
    }
    #expect(book.claims.used(ofMerchant: AccountID(9)) == 40)
    #expect(book.claims.used(ofMerchant: AccountID(8)) == 10)
    #expect(book.claims.used(ofMerchant: AccountID(7)) == 0)
  }
}
