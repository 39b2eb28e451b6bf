// ProbityClient
