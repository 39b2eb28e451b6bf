/// What commands do to the state, as a number.
public enum CoreSemantics {
  /// Raised by every change after which the same commands give another state.
  /// A log is only replayed by a core of the version that recorded it.
  public static let version: UInt32 = 4
}
