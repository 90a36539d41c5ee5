package store

type Store struct{ items []string }

func New() *Store { return &Store{} }

func (s *Store) Add(item string) { s.items = append(s.items, clean(item)) }

func clean(item string) string { return item }
