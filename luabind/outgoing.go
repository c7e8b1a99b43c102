package luabind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// outgoing is one piece that a script wants sent, before its file was looked up.
type outgoing struct {
	kind  ilink.ItemType
	text  string
	path  string // below the bot's folder
	media *media
	name  string
}

// contentKeys are what a table to be sent may have, in the order of sending, with
// the options last.
var contentKeys = []string{"text", "image", "video", "file", "name", optionMode, optionLifetime, optionAs}

// send sends the arguments from index n on and returns a result to the script.
func (vm *VM) send(L *lua.LState, function, to string, inReplyTo *ilink.Message, n int) int {
	c := parseContents(L, function, n)
	pieces := c.pieces
	vm.handling(L, function)
	budgetOf(L).countSend()
	for _, p := range pieces {
		if p.kind == ilink.ItemTypeText && p.text == "" {
			return vm.fail(L, &HostError{Kind: failureEmpty, Message: "the text is empty, and an empty message can't be sent"})
		}
	}
	snapshots := make([]media, len(pieces))
	var args []any
	for i, p := range pieces {
		args = append(args, p.text+p.path, p.kind, p.name)
		if p.media != nil {
			snapshots[i] = *p.media
			args = append(args, p.media.name, p.media.kind)
		}
	}
	args = append(args, to, c.options.mode, c.options.lifetime, c.options.as)
	sent, err := Do(vm, L, Call{Name: function, Args: args, Effect: true}, func(ctx context.Context) (s sent, err error) {
		// All files are there before anything is sent.
		s.Fetched = make([]*File, len(pieces))
		req := SendRequest{
			To: to, InReplyTo: inReplyTo, Parts: make([]Part, len(pieces)),
			Mode: c.options.mode, Lifetime: c.options.lifetime, As: c.options.as,
		}
		for i, p := range pieces {
			req.Parts[i] = Part{Kind: p.kind, Text: p.text, Name: p.name}
			switch {
			case p.path != "":
				req.Parts[i].File, err = vm.host.OpenFile(ctx, p.path)
			case p.media != nil && snapshots[i].uploaded != nil:
				req.Parts[i].Media = snapshots[i].uploaded
			case p.media != nil:
				s.Fetched[i], err = vm.fetched(ctx, &snapshots[i])
				req.Parts[i].File = s.Fetched[i]
			}
			if err != nil {
				return s, err
			}
		}
		s.Result, err = vm.host.Send(ctx, req)
		var he *HostError
		if errors.As(Explain(err), &he) {
			s.Failure, err = he, nil // the result tells how far it came
		}
		return s, err
	})
	for i, f := range sent.Fetched {
		if f != nil {
			pieces[i].media.setFile(f)
		}
	}
	result := sent.Result
	if err == nil && sent.Failure != nil {
		err = sent.Failure
	}
	if err == nil {
		result = result.complete(len(pieces))
		if result.failed() {
			err = &HostError{Kind: result.Status}
		}
	}
	if err != nil {
		L.Push(lua.LNil)
		failure := vm.failure(L, err)
		if len(result.MessageIDs) > 0 {
			failure.RawSetString("ids", stringList(L, result.MessageIDs))
		}
		L.Push(failure)
		return 2
	}
	L.Push(vm.sendResult(L, result))
	return 1
}

// sent is what is recorded of a send.
type sent struct {
	Result  SendResult
	Failure *HostError
	Fetched []*File
}

// contents are the arguments of a send, as far as they were read.
type contents struct {
	L        *lua.LState
	function string
	pieces   []outgoing
	options  sendOptions
	bytes    int // of all texts
}

const (
	// maxSentText is more than an outbox takes.
	maxSentText = 1 << 20
	maxPieces   = 1000
	maxPath     = 4 << 10
)

// text is a text that is to be sent.
func (c *contents) text(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		c.bytes += len(s)
	}
	if c.bytes > maxSentText {
		c.L.RaiseError("%s can't send more than %s of text at once: send it as a file", c.function, byteSize(maxSentText))
	}
	return sendableText(v)
}

// parseContents reads the arguments from index n on.
func parseContents(L *lua.LState, function string, n int) *contents {
	c := &contents{L: L, function: function}
	top := max(L.GetTop(), n) // no argument is a nil one
	for i := n; i <= top; i++ {
		c.add(L.Get(i), true)
	}
	if len(c.pieces) == 0 {
		L.RaiseError("%s got options and nothing to send: it needs a text, image, video or file as well", function)
	}
	return c
}

// add reads one thing to be sent; lists says whether it may be a list.
func (c *contents) add(v lua.LValue, lists bool) {
	if len(c.pieces) >= maxPieces {
		c.L.RaiseError("%s can't send more than %d things at once", c.function, maxPieces)
	}
	switch v := v.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		c.pieces = append(c.pieces, outgoing{kind: ilink.ItemTypeText, text: c.text(v)})
		return
	case *lua.LUserData:
		if m, ok := toMedia(v); ok {
			c.pieces = append(c.pieces, outgoing{kind: m.sendKind(), media: m})
			return
		}
	case *lua.LTable:
		switch {
		case behind(v) != nil:
			raiseMistake(c.L, "%s can't send a message: write msg.text for its text, or msg.items[1].media for a picture or file in it", c.function)
		case v.Len() == 0:
			c.addTable(v)
		case !lists:
			c.L.RaiseError("%s can't send a list within a list", c.function)
		default:
			c.addList(v)
		}
		return
	}
	got := describe(v)
	if v.Type() == lua.LTFunction {
		got += "; is a () missing?"
	}
	c.L.RaiseError("%s needs a text or a table, got %s", c.function, got)
}

func (c *contents) addList(t *lua.LTable) {
	t.ForEach(func(k, _ lua.LValue) {
		if k.Type() != lua.LTNumber && !isSendOption(k) {
			c.L.RaiseError("%s can't send a table that is a list and has the field %s as well: write the list's items as tables, or the one field that is meant",
				c.function, quote(clipText(k.String(), 40)))
		}
	})
	c.addOptions(t)
	for i := 1; i <= t.Len(); i++ {
		c.add(t.RawGetInt(i), false)
	}
}

func (c *contents) addTable(t *lua.LTable) {
	L, function := c.L, c.function
	t.ForEach(func(k, _ lua.LValue) { checkContentKey(L, function, k) })
	given := c.addOptions(t)
	before := len(c.pieces)
	if v := t.RawGetString("text"); v != lua.LNil {
		if !isText(v) {
			L.RaiseError("%s: text must be a text, got %s", function, describe(v))
		}
		c.pieces = append(c.pieces, outgoing{kind: ilink.ItemTypeText, text: c.text(v)})
	}
	name := ""
	if v := t.RawGetString("name"); v != lua.LNil {
		if v.Type() != lua.LTString || t.RawGetString("file") == lua.LNil {
			L.RaiseError(`%s: name is the name that a file shows, as in { file = "report.pdf", name = "Report.pdf" }`, function)
		}
		name = v.String()
	}
	for _, kind := range []ilink.ItemType{ilink.ItemTypeImage, ilink.ItemTypeVideo, ilink.ItemTypeFile} {
		v := t.RawGetString(kind.String())
		if v == lua.LNil {
			continue
		}
		p := outgoing{kind: kind, name: fileName(kind, name)}
		if m, ok := toMedia(v); ok {
			p.media = m
		} else if path, ok := v.(lua.LString); ok && path != "" && len(path) <= maxPath {
			p.path = string(path)
		} else {
			L.RaiseError("%s: %s must be a file's path below the bot's folder, or media, got %s", function, kind, describe(v))
		}
		c.pieces = append(c.pieces, p)
	}
	// A table of options alone may stand beside what it is about.
	if len(c.pieces) == before && !given {
		L.RaiseError("%s needs a text or a table with text, image, video or file, got an empty table", function)
	}
}

// fileName is the name that goes with a part: only attachments show one.
func fileName(kind ilink.ItemType, name string) string {
	if kind == ilink.ItemTypeFile {
		return name
	}
	return ""
}

func checkContentKey(L *lua.LState, function string, k lua.LValue) {
	key := k.String()
	for _, known := range contentKeys {
		if k.Type() == lua.LTString && key == known {
			return
		}
	}
	hint := ""
	if near := nearest(key, contentKeys); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	L.RaiseError("%s doesn't know the field %s%s (it knows %s)", function, quote(clipText(key, 40)), hint, strings.Join(contentKeys, ", "))
}

// isText reports whether v can be sent as a text as it is.
func isText(v lua.LValue) bool {
	switch v.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return true
	}
	return false
}

// sendableText is v as valid UTF-8: string.sub may have cut a character in two.
func sendableText(v lua.LValue) string {
	if n, ok := v.(lua.LNumber); ok {
		return numberText(n)
	}
	return strings.ToValidUTF8(v.String(), "\uFFFD")
}
