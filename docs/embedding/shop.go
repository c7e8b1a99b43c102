package main

import (
	"context"
	"fmt"
	"sync"
)

// Shop is what the program is about.
type Shop struct {
	mu    sync.Mutex
	shelf map[string]int
}

// SoldOutError says how much is left of something.
type SoldOutError struct {
	Item string
	Left int
}

func (e *SoldOutError) Error() string { return fmt.Sprintf("only %d of %s are left", e.Left, e.Item) }

// Count returns how many there are.
func (s *Shop) Count(item string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf[item]
}

// Order takes some from the shelf, and returns how many are left.
func (s *Shop) Order(ctx context.Context, item string, count int) (left int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shelf[item] < count {
		return 0, &SoldOutError{item, s.shelf[item]}
	}
	s.shelf[item] -= count
	return s.shelf[item], nil
}
