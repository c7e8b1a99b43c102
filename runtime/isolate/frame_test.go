package isolate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

// FuzzFrame reads what a child might write: no frame makes more memory than was
// written, and what is read is what was written.
func FuzzFrame(f *testing.F) {
	for _, fr := range []frame{
		{kind: kindCall, id: 1, method: callSend, body: []byte(`{}`)},
		{kind: kindAnswer, flags: flagInterrupt, id: 7, of: 3},
		{kind: kindCancel, id: 1 << 40, body: bytes.Repeat([]byte("x"), smallBody+1)},
	} {
		var b bytes.Buffer
		if err := fr.writeTo(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("what is no frame, and longer than a head"))
	f.Add(append([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff}, make([]byte, 15)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		const most = 1 << 20
		fr, err := readFrame(bytes.NewReader(in), most)
		if err != nil {
			return
		}
		if len(fr.body) > most || cap(fr.body) > 4*len(in)+smallBody*2 {
			t.Errorf("%d bytes made a body of %d, %d taken", len(in), len(fr.body), cap(fr.body))
		}
		var b bytes.Buffer
		if err := fr.writeTo(&b); err != nil || !bytes.Equal(b.Bytes(), in[:b.Len()]) {
			t.Errorf("read %q, wrote %q", in, b.Bytes())
		}
	})
}

// What breaks the rules ends the connection, and says why.
func TestRules(t *testing.T) {
	for name, frames := range map[string][]frame{
		"an answer to nothing":    {{kind: kindAnswer, id: 1, body: []byte("{}")}},
		"a handler never was":     {{kind: kindCall, id: 1, of: 5, method: "x"}},
		"the same call twice":     {{kind: kindCall, id: 1, method: "x"}, {kind: kindCall, id: 1, method: "x"}},
		"too many calls":          {{kind: kindCall, id: 1, method: "x"}, {kind: kindCall, id: 2, method: "x"}, {kind: kindCall, id: 3, method: "x"}},
		"too many bytes":          {{kind: kindCall, id: 1, method: "x", body: make([]byte, 60)}, {kind: kindCall, id: 2, method: "x", body: make([]byte, 60)}},
		"too large":               {{kind: kindCall, id: 1, method: "x", body: make([]byte, 101)}},
		"a cancel without reason": {{kind: kindCall, id: 1, method: "x"}, {kind: kindCancel, id: 1, body: []byte("!")}},
		"what fails":              {{kind: kindCall, id: 1, method: "fail"}},
		"what panics":             {{kind: kindCall, id: 1, method: "panic"}},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := io.Pipe()
			p := newPeer(in, io.Discard, bounds{body: 100, calls: 2, held: 110}, func() { in.CloseWithError(io.EOF) })
			p.serve = func(ctx context.Context, c *incoming) (any, error) {
				switch c.method {
				case "fail":
					return nil, errors.New("the form is wrong")
				case "panic":
					panic("oh no")
				}
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
			ended := make(chan error)
			go func() {
				err := p.run(t.Context())
				in.Close()
				p.fail(err)
				ended <- err
			}()
			for _, f := range frames {
				f.writeTo(out)
			}
			if err := <-ended; err == nil || errors.Is(err, io.EOF) {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}
