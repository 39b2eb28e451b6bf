import Glibc

/// A connection of the bare responder, with bytes that came and replies to go.
@safe final class BareResponderPeer {
  let descriptor: Int32
  var isWaitingToSend = false
  // Safe: allocated in `init`, freed in `deinit`; what is filled never exceeds the size.
  let input: UnsafeMutableRawPointer
  let output: UnsafeMutableRawPointer
  let outputBytes: Int
  private(set) var inputFilled = 0
  var outputFilled = 0
  private let inputBytes: Int
  private var outputStart = 0

  init(descriptor: Int32, inputBytes: Int, outputBytes: Int) {
    self.descriptor = descriptor
    self.inputBytes = inputBytes
    self.outputBytes = outputBytes
    unsafe input = .allocate(byteCount: inputBytes, alignment: 64)
    unsafe output = .allocate(byteCount: outputBytes, alignment: 64)
  }

  deinit {
    close(descriptor)
    unsafe input.deallocate()
    unsafe output.deallocate()
  }

  /// - Returns: false when the connection is over.
  func receive() -> Bool {
    let count = unsafe recv(descriptor, input + inputFilled, inputBytes - inputFilled, 0)
    if count > 0 { inputFilled += count }
    return count > 0 || (count < 0 && errno == EAGAIN)
  }

  /// Forgets the first `count` bytes received.
  func consume(_ count: Int) {
    inputFilled -= count
    if inputFilled > 0 && count > 0 { unsafe memmove(input, input + count, inputFilled) }
  }

  /// - Returns: whether all is sent; nil when the connection is over.
  func flush() -> Bool? {
    while outputStart < outputFilled {
      let count = unsafe send(
        descriptor, output + outputStart, outputFilled - outputStart, Int32(MSG_NOSIGNAL))
      if count < 0 && errno == EAGAIN {
        unsafe memmove(output, output + outputStart, outputFilled - outputStart)
        outputFilled -= outputStart
        outputStart = 0
        return false
      }
      if count <= 0 { return nil }
      outputStart += count
    }
    outputStart = 0
    outputFilled = 0
    return true
  }
}
