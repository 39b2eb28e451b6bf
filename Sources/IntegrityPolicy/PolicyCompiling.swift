import IntegrityCore

extension PolicyDocument {
  /// Reads a document's text: what `PolicySetup` of the engine is given.
  ///
  /// A refusal names every fault with its line and column.
  public static let compile:
    @Sendable (String) -> Result<(name: String, policy: Policy), DeskRefusal> = {
      text in
      do throws(PolicyFault) {
        let document = try load(yaml: text, file: "policy")
        return .success((document.name, document.policy))
      } catch {
        return .failure(DeskRefusal(.invalid, field: "document", error.description))
      }
    }
}
