//go:build !linux

package store

import (
	"context"
	"errors"
)

func childReadOnly(context.Context, string) error { return errors.ErrUnsupported }
