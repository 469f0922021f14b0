SELECT {message} FROM {s}identity_outbox o WHERE o.id = $1
