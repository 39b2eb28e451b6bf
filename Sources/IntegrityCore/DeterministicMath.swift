/// `exp2` and `log2` from IEEE additions, multiplications and divisions alone.
///
/// The C library's `exp`, `log` and `pow` differ between machines and versions;
/// these give the same bits everywhere. No fused multiply-add: Swift does not
/// contract `a * b + c` by itself, and nothing here asks for it.
public enum DeterministicMath {
  /// 2 to the power `x`.
  ///
  /// `x` is split into a whole part, which becomes the exponent, and a rest of
  /// at most one half, whose power is the Taylor series of e^(r ln 2) to the
  /// 13th term. Below −1022 the result is 0, above 1023 the largest finite power of
  /// two: callers keep far from both.
  ///
  /// Relative error ≤ 4.2e-16 (tested against 60-digit values; the largest of
  /// 2·10^7 evenly spaced rests is 4.10e-16, at 0.0702). About 10 ns.
  @inlinable
  public static func exp2(_ x: Double) -> Double {
    if x < -1022 { return 0 }
    let clamped = x > 1023 ? 1023 : x
    let whole = clamped.rounded(.toNearestOrEven)
    let r = clamped - whole
    let scale = Double(bitPattern: UInt64(Int64(whole) + 1023) << 52)
    return taylor(r) * scale
  }

  /// 2^r for |r| ≤ 0.5. Source: coefficients (ln 2)^k / k!.
  @inlinable
  static func taylor(_ r: Double) -> Double {
    let r2 = r * r
    let r4 = r2 * r2
    let c01 = 1.0 + 0.6931471805599453 * r
    let c23 = 0.24022650695910072 + 0.05550410866482158 * r
    let c45 = 0.009618129107628477 + 0.0013333558146428443 * r
    let c67 = 0.0001540353039338161 + 1.5252733804059841e-05 * r
    let c89 = 1.321548679014431e-06 + 1.01780860092397e-07 * r
    let cAB = 7.054911620801123e-09 + 4.4455382718708116e-10 * r
    let cCD = 2.5678435993488206e-11 + 1.3691488853904128e-12 * r
    let low = (c01 + c23 * r2) + (c45 + c67 * r2) * r4
    let high = (c89 + cAB * r2) + cCD * r4
    return low + high * (r4 * r4)
  }

  /// Base-2 logarithm of eight positive, normal numbers at once.
  ///
  /// The mantissa m is brought into [√½, √2); then log2 m = (2 / ln 2) ·
  /// artanh(s) with s = (m − 1) / (m + 1), as its series to s^9.
  /// Source: the usual reduction, e.g. fdlibm's `e_log.c`; the series is artanh's.
  ///
  /// Error ≤ 1.5 units in the last place of the result (a unit being 2^−23 at
  /// least), and ≤ 3e-7 relative where x is in [√½, √2) (both tested; 1.28 units
  /// and 2.53e-7 are the largest seen). About 5 ns for all eight.
  @inlinable @inline(__always)
  public static func log2(_ x: SIMD8<Float>) -> SIMD8<Float> {
    // Safe: same size, all bit patterns valid.
    let bits = unsafe unsafeBitCast(x, to: SIMD8<Int32>.self)
    let exponent = (bits &- 0x3f35_04f3) &>> 23
    let mantissaBits = bits &- (exponent &<< 23)
    // Safe: as above.
    let m = unsafe unsafeBitCast(mantissaBits, to: SIMD8<Float>.self)
    let s = (m - 1) / (m + 1)
    let s2 = s * s
    let s4 = s2 * s2
    let c1 = 2.8853900817779268 as Float
    let c3 = 0.9617966939259756 as Float
    let c5 = 0.5770780163555853 as Float
    let c7 = 0.4121985831111324 as Float
    let c9 = 0.3205988979753252 as Float
    let series = (c1 + c3 * s2) + ((c5 + c7 * s2) + c9 * s4) * s4
    return float(exponent) + s * series
  }
}

extension DeterministicMath {
  /// Exactly `x`, for |x| < 2^22: x lands in the low bits of 1.5 · 2^23, whose
  /// unit in the last place is 1. The library's conversion takes the lanes one by one.
  @inlinable @inline(__always)
  static func float(_ x: SIMD8<Int32>) -> SIMD8<Float> {
    // Safe: same size, all bit patterns valid.
    unsafe unsafeBitCast(x &+ 0x4b40_0000, to: SIMD8<Float>.self) - 12_582_912
  }
}

/// The library's `pointwiseMax` and `pointwiseMin`, compiled to one instruction
/// for four lanes: those branch on each lane for the sake of NaN, which took a third
/// of a judgement. What is not a number becomes the bound, as it does there. For
/// each type by itself, because generic versions are not compiled to vectors.
extension SIMD8<Float> {
  @inlinable @inline(__always)
  func atLeast(_ bound: Self) -> Self {
    var result = self
    for lane in 0..<8 { result[lane] = self[lane] > bound[lane] ? self[lane] : bound[lane] }
    return result
  }

  @inlinable @inline(__always)
  func atMost(_ bound: Self) -> Self {
    var result = self
    for lane in 0..<8 { result[lane] = self[lane] < bound[lane] ? self[lane] : bound[lane] }
    return result
  }
}

extension SIMD2<Float> {
  @inlinable @inline(__always)
  func atLeast(_ bound: Self) -> Self {
    var result = self
    for lane in 0..<2 { result[lane] = self[lane] > bound[lane] ? self[lane] : bound[lane] }
    return result
  }
}
