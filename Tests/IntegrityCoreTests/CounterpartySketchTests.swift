import IntegrityCore
import Testing

struct CounterpartySketchTests {
  @Test func emptyEstimatesNothing() {
    #expect(CounterpartySketch().estimate == 0)
    #expect(CounterpartySketch().bits == 0)
  }

  /// Occupied buckets of 16 → estimate, linear counting.
  @Test(arguments: [
    (0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (5, 6), (6, 8), (7, 9), (8, 11), (9, 13), (10, 16),
    (11, 19), (12, 22), (13, 27), (14, 33), (15, 44), (16, 64),
  ])
  func estimateByOccupiedBuckets(occupied: Int, estimate: Int) {
    for count: UInt32 in 1...3 {
      var bits: UInt32 = 0
      for bucket in 0..<occupied { bits |= count << UInt32(2 * bucket) }
      #expect(CounterpartySketch(bits: bits).estimate == estimate)
    }
  }

  @Test func oneCounterpartyManyTimesIsOne() {
    var sketch = CounterpartySketch()
    for _ in 1...100 { sketch.insert(AccountID(5)) }
    #expect(sketch.estimate == 1)
  }

  /// Up to two entries a bucket, in any order, leave no trace when undone.
  @Test func removingWhatWasInsertedRestoresTheSketch() {
    var generator = Generator.forTest(11)
    for _ in 1...500 {
      let before = Self.random(upTo: 6, &generator)
      let ids = (0..<Int.random(in: 1...10, using: &generator)).map { _ in
        AccountID(UInt64.random(in: 1 ... .max, using: &generator))
      }
      var sketch = before
      for id in ids { sketch.insert(id) }
      let saturated = Self.saturatedBuckets(sketch)
      for id in ids.shuffled(using: &generator) { sketch.remove(id) }
      let difference = (sketch.bits ^ before.bits) & ~saturated
      #expect(difference == 0, "seed \(generator.seed)")
    }
  }

  /// Three in a bucket mean "three or more": it stays occupied for good.
  @Test func saturatedBucketStays() {
    var sketch = CounterpartySketch()
    for _ in 1...3 { sketch.insert(AccountID(5)) }
    let saturated = sketch
    for _ in 1...5 { sketch.remove(AccountID(5)) }
    #expect(sketch == saturated)
    #expect(sketch.estimate == 1)
  }

  @Test func removingWhatWasNeverThereChangesNothing() {
    var sketch = CounterpartySketch()
    sketch.remove(AccountID(5))
    #expect(sketch.bits == 0)
  }

  /// Within a tenth on average, and within a quarter (standard error) between 3 and 20.
  @Test(arguments: [3, 5, 8, 12, 20])
  func estimateOfRandomCounterparties(count: Int) {
    var generator = Generator.forTest(12)
    let runs = 2000
    var sum = 0.0
    var squares = 0.0
    for _ in 1...runs {
      let estimate = Double(Self.random(exactly: count, &generator).estimate)
      sum += estimate
      squares += (estimate - Double(count)) * (estimate - Double(count))
    }
    let relativeError = (squares / Double(runs)).squareRoot() / Double(count)
    let ratio = sum / Double(runs) / Double(count)
    #expect(abs(ratio - 1) < 0.1, "seed \(generator.seed)")
    #expect(relativeError < 0.3, "seed \(generator.seed)")
  }

  private static func random(upTo max: Int, _ generator: inout Generator) -> CounterpartySketch {
    random(exactly: Int.random(in: 0...max, using: &generator), &generator)
  }

  private static func random(
    exactly count: Int, _ generator: inout Generator
  ) -> CounterpartySketch {
    var sketch = CounterpartySketch()
    for _ in 0..<count { sketch.insert(AccountID(.random(in: 1 ... .max, using: &generator))) }
    return sketch
  }

  /// Both bits of every bucket that holds three.
  private static func saturatedBuckets(_ sketch: CounterpartySketch) -> UInt32 {
    let full = sketch.bits & (sketch.bits >> 1) & 0x5555_5555
    return full | full << 1
  }
}
