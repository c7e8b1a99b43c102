package isolate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// kind says what a frame is.
type kind byte

const (
	kindCall   kind = 1
	kindAnswer kind = 2
	kindCancel kind = 3 // of a call that isn't answered yet; body is why
)

// frame is one piece of what the processes tell each other. On the pipe it is
//
//	kind      1 byte
//	flags     1 byte
//	len       1 byte, of method
//	length    4 bytes, of body; all numbers are big-endian
//	id        8 bytes
//	of        8 bytes
//	method    len bytes
//	body      length bytes
type frame struct {
	kind kind
	// flags go with an answer of the child's: what is so now.
	flags byte
	// id is the number of the call, counted by the side that makes it.
	id uint64
	// of is the other side's call on behalf of which this one is made, 0 for none.
	of uint64
	// method is what is called.
	method string
	// body is JSON.
	body []byte
}

const (
	flagInterrupt byte = 1 << iota // the script defines on_interrupt
	flagOverLimit                  // its variables hold too much
)

const (
	frameHead = 3 + 4 + 8 + 8
	// smallBody is up to where a body's memory is taken before it has come.
	smallBody = 64 << 10
)

var errFrame = errors.New("it wrote what is no frame")

// tooLargeError says that a body is larger than a frame may be.
type tooLargeError struct{ size, most int64 }

// Error says how large it is.
func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%d bytes at once are more than the %d that pass between the processes", e.size, e.most)
}

// append appends the head and the method.
func (f *frame) append(b []byte) []byte {
	b = append(b, byte(f.kind), f.flags, byte(len(f.method)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.body)))
	b = binary.BigEndian.AppendUint64(b, f.id)
	b = binary.BigEndian.AppendUint64(b, f.of)
	return append(b, f.method...)
}

// writeTo writes the frame, in one piece if it is small.
func (f *frame) writeTo(w io.Writer) error {
	b := f.append(make([]byte, 0, frameHead+len(f.method)+min(len(f.body), smallBody)))
	rest := f.body
	if len(rest) <= smallBody {
		b, rest = append(b, rest...), nil
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if len(rest) > 0 {
		_, err := w.Write(rest)
		return err
	}
	return nil
}

// readFrame reads a frame whose body has at most most bytes. Memory is taken as the
// bytes come, whatever the head promises.
func readFrame(r io.Reader, most int) (*frame, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	f := &frame{
		kind: kind(head[0]), flags: head[1],
		id: binary.BigEndian.Uint64(head[7:]), of: binary.BigEndian.Uint64(head[15:]),
	}
	if f.kind < kindCall || f.kind > kindCancel || f.id == 0 {
		return nil, errFrame
	}
	size := int64(binary.BigEndian.Uint32(head[3:]))
	if size > int64(most) {
		return nil, &tooLargeError{size, int64(most)}
	}
	method := make([]byte, head[2])
	if _, err := io.ReadFull(r, method); err != nil {
		return nil, err
	}
	f.method = string(method)
	if size <= smallBody {
		f.body = make([]byte, size)
		_, err := io.ReadFull(r, f.body)
		return f, err
	}
	var body bytes.Buffer
	body.Grow(smallBody)
	n, err := io.CopyN(&body, r, size)
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	f.body = body.Bytes()
	return f, err
}
