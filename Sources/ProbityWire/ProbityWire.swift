// ProbityWire
