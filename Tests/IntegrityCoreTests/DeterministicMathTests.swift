import Foundation
import IntegrityCore
import Testing

struct DeterministicMathTests {
  @Test func powersOfTwoAreWithinTheStatedError() throws {
    let rows = powersOfTwo.split(separator: "\n")
    #expect(rows.count > 400)
    var largest = (error: 0.0, x: 0.0)
    for row in rows {
      let numbers = row.split(separator: " ").compactMap { Double($0) }
      try #require(numbers.count == 3)
      let (x, high, low) = (numbers[0], numbers[1], numbers[2])
      let error = abs((DeterministicMath.exp2(x) - high) - low) / high
      if error > largest.error { largest = (error, x) }
    }
    #expect(largest.error <= 4.2e-16, "at \(largest.x)")
    // The table contains the neighbourhood of the largest error there is.
    #expect(largest.error > 3.9e-16, "at \(largest.x)")
  }

  @Test(arguments: [
    (0.0, 1.0), (-0.0, 1.0), (1.0, 2.0), (-1.0, 0.5), (64.0, 0x1p64), (-64.0, 0x1p-64),
    (-1022.0, 0x1p-1022), (1023.0, 0x1p1023),
    // Beyond the ends.
    ((-1022.0).nextDown, 0.0), (-5000.0, 0.0), (-.infinity, 0.0), (1024.0, 0x1p1023),
    (.infinity, 0x1p1023),
  ])
  func wholePowersAreExact(x: Double, power: Double) {
    #expect(DeterministicMath.exp2(x) == power)
  }

  /// The same bits on every machine, and after every change.
  @Test(arguments: [
    (0.5, 0x3ff6_a09e_667f_3bcd as UInt64), (-0.5, 0x3fe6_a09e_667f_3bcc),
    (0.1, 0x3ff1_25fb_ee25_0665), (-13.37, 0x3f18_c2d3_82bb_2f2e),
  ])
  func powersKeepTheirBits(x: Double, bits: UInt64) {
    #expect(DeterministicMath.exp2(x).bitPattern == bits)
  }

  /// Every exponent of normal numbers, with a thousand mantissas each.
  @Test func logarithmsAreWithinTheStatedErrorEverywhere() {
    var largest = (units: 0.0, x: Float(0))
    for exponent: UInt32 in 1...254 {
      for mantissa in stride(from: UInt32(0), to: 1 << 23, by: 8192 - 8) {
        for (x, error, result) in Self.errors(from: min(mantissa, 1 << 23 - 8) | exponent << 23) {
          let units = error / Double(max(result.ulp, .ulpOfOne))
          if units > largest.units { largest = (units, x) }
        }
      }
    }
    #expect(largest.units <= 1.5, "at \(largest.x)")
    #expect(largest.units > 1.0, "the sweep finds the known errors")
  }

  @Test func logarithmsNearOneAreRelativelyExact() {
    var largest = (error: 0.0, x: Float(0))
    let from = Float(0.5).squareRoot().bitPattern
    let to = Float(2).squareRoot().bitPattern
    for bits in stride(from: from, to: to, by: 128) {
      for (x, error, result) in Self.errors(from: bits) where x != 1 {
        let relative = error / Double(abs(result))
        if relative > largest.error { largest = (relative, x) }
      }
    }
    #expect(largest.error <= 3e-7, "at \(largest.x)")
    #expect(DeterministicMath.log2(SIMD8(repeating: 1)) == .zero)
  }

  @Test func logarithmsOfPowersOfTwoAreExact() {
    for exponent: UInt32 in 1...254 {
      let x = Float(bitPattern: exponent << 23)
      #expect(DeterministicMath.log2(SIMD8(repeating: x))[0] == Float(exponent) - 127)
    }
  }

  /// The same bits on every machine, and after every change: a hash of all
  /// results over the table of powers, and over a sweep of all exponents.
  @Test func resultsKeepTheirBits() {
    let powers = powersOfTwo.split(separator: "\n").compactMap { row in
      row.split(separator: " ").first.flatMap { Double($0) }.map(DeterministicMath.exp2)
    }
    #expect(StateHash.of(powers.map(\.bitPattern)) == 0x904d_6bec_d801_b860)

    var logarithms: [UInt64] = []
    for bits in stride(from: UInt32(1) << 23, to: 255 << 23, by: 1_000_003) {
      let result = DeterministicMath.log2(SIMD8(repeating: Float(bitPattern: bits)))
      logarithms.append(UInt64(result[0].bitPattern))
    }
    #expect(logarithms.count > 2000)
    #expect(StateHash.of(logarithms) == 0x485a_eac9_f3d9_b237)
  }

  /// For the eight numbers from the one with `bits` on: the number, how far its
  /// logarithm is off, and the logarithm.
  private static func errors(from bits: UInt32) -> [(x: Float, error: Double, result: Float)] {
    var x = SIMD8<Float>.zero
    for lane in 0..<8 { x[lane] = Float(bitPattern: bits + UInt32(lane)) }
    let result = DeterministicMath.log2(x)
    return (0..<8).map { lane in
      let exact = Foundation.log2(Double(x[lane]))
      return (x[lane], abs(Double(result[lane]) - exact), Float(exact))
    }
  }
}
