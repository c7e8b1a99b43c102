package ilinksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Numbers of the protocol (§3, §5).
const (
	messageUser     = 1
	messageBot      = 2
	stateGenerating = 1
	stateFinish     = 2

	itemText           = 1
	itemImage          = 2
	itemVoice          = 3
	itemFile           = 4
	itemVideo          = 5
	itemToolCallStart  = 11
	itemToolCallResult = 12
)

// The errmsg texts of -2 (§4). Which one comes depends on the cause alone.
const (
	errInvalid         = "invalid arguments"
	errPrepareFailed   = "prepare failed" // the window has closed
	errUnknown         = "unknown error"  // no window ever, or a wrong context token
	errQuotaUsedUp     = ""               // all sends of this inbound message used
	errThrottledFirst  = "rate limited"   // the throttle, in turns with
	errThrottledSecond = "freq limit"     // and "prepare failed"
)

// maxDeliveredRunes is where the server cuts a text (§4), in characters.
const maxDeliveredRunes = 2000

// maxLongRunes is where it cuts with LongTexts: reports conflict.
const maxLongRunes = 4000

// unmarshalNumbers decodes JSON with numbers kept as they are written: a
// uint64 id loses digits as a float64.
func unmarshalNumbers(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
