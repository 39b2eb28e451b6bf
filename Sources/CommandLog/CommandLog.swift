// CommandLog
