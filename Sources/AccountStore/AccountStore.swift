// AccountStore
