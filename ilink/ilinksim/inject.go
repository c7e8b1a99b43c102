package ilinksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// In is a message that a user sends to a bot. Text, media and Items may be
// combined; they become items in that order.
type In struct {
	Bot  string // id or short name; "" for the only bot
	From string // id, or a short name: "alice" is alice@im.wechat
	Text string

	// A user's media: encrypted and put on the CDN, referenced with the key
	// and URL forms that the real server uses, in turns (protocol §5).
	Image *Blob
	File  *Blob
	Video *Blob
	Voice *Blob
	// Transcript is the voice's text, as the server recognised it; "" if none.
	Transcript string

	// Items are items as on the wire, passed on as they are.
	Items []json.RawMessage

	// Quote is the message id (decimal) of the message quoted.
	Quote string
	// QuoteStyle is one of the styles; "" is QuoteByID.
	QuoteStyle QuoteStyle
	// Partial selects a part of the quoted text.
	Partial *PartialText
}

// A Blob is a file of a user.
type Blob struct {
	Name  string // shown for files; else unused
	Data  []byte
	Plain bool // images only: on the CDN with no encryption and no key
}

// QuoteStyle says how a quote looks on the wire (protocol §3, "Quotes").
type QuoteStyle string

const (
	// QuoteByID gives the quoted message's svr_id alone, as newer WeChat
	// clients do.
	QuoteByID QuoteStyle = "id"
	// QuoteFull gives title and message_item as well, as older ones do; the
	// quoted message must be known to the simulator.
	QuoteFull QuoteStyle = "full"
	// QuoteItem gives a message_item of type 1 with the text alone, without title or
	// svr_id.
	QuoteItem QuoteStyle = "item"
	// QuoteBot gives a message_item of type 8 without text, with msg_id: so a bot's
	// message was seen.
	QuoteBot QuoteStyle = "bot"
	// QuoteBare gives a message_item of type 0 with times, is_completed, msg_id and
	// button_item_list alone.
	QuoteBare QuoteStyle = "bare"
)

// PartialText is ref_msg.partial_text: the selection starts at the
// StartIndex-th occurrence (from 0) of Start and ends with the EndIndex-th of
// End; QuoteMD5 is the md5 (hex) of the selection in UTF-8.
type PartialText struct {
	Start      string `json:"start"`
	End        string `json:"end"`
	StartIndex int    `json:"startindex"`
	EndIndex   int    `json:"endindex"`
	QuoteMD5   string `json:"quotemd5"`
}

// An inbound is a user's message on its way to a poll.
type inbound struct {
	id       uint64
	seq      int
	from     string
	clientID string
	token    string // context_token
	at       time.Time
	items    []json.RawMessage
	due      time.Time // later than at for the copies of a duplicate fault
	copied   bool
	noID     bool // delivered without its id
}

// A quotable is what a quote needs to know of an earlier message.
type quotable struct {
	bot  string
	text string
	item json.RawMessage // the first one
	at   time.Time
	// setID is the message_id that a client set on its send, which the server doesn't
	// use but gives back when the message is quoted; "" for none.
	setID string
}

// quotedAs is a message_item in one of the styles that name the message by msg_id, if
// at all.
func (q quotable) quotedAs(style QuoteStyle, id uint64) map[string]any {
	msgID := strconv.FormatUint(id, 10)
	if q.setID != "" {
		msgID = q.setID
	}
	switch style {
	case QuoteItem:
		return map[string]any{"type": itemText, "text_item": map[string]any{"text": q.text}}
	case QuoteBot:
		return map[string]any{"type": 8, "msg_id": msgID}
	}
	ms := q.at.UnixMilli()
	return map[string]any{"type": 0, "create_time_ms": ms, "update_time_ms": ms, "is_completed": true, "msg_id": msgID, "button_item_list": []any{}}
}

// Say sends a text message from a user to the only bot and returns its
// message id. It panics if there isn't exactly one bot; Inject is for more.
func (s *Server) Say(from, text string) (messageID string) {
	id, err := s.Inject(In{From: from, Text: text})
	if err != nil {
		panic("ilinksim: Say: " + err.Error())
	}
	return id
}

// Inject sends a user's message to a bot and returns its message id, a
// decimal uint64; with SplitTexts that of the last piece of a long text. It opens the user's window and gives out a new context
// token; a held poll answers at once. The error says what In lacks.
func (s *Server) Inject(in In) (messageID string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(SplitTexts) {
		for runes := []rune(in.Text); len(runes) > splitRunes; runes = []rune(in.Text) {
			piece := in
			piece.Text, in.Text = string(runes[:splitRunes]), string(runes[splitRunes:])
			piece.Image, piece.File, piece.Video, piece.Voice, piece.Items = nil, nil, nil, nil, nil
			if _, err := s.inject(piece); err != nil {
				return "", err
			}
		}
	}
	return s.inject(in)
}

// splitRunes is near where a client of WeChat cuts a long text.
const splitRunes = 2048

// inject is Inject with mu held.
func (s *Server) inject(in In) (messageID string, err error) {
	if s.closed {
		return "", ErrClosed
	}
	b, err := s.oneBot(in.Bot)
	if err != nil {
		return "", err
	}
	from := userID(in.From)
	if from == "" {
		return "", errors.New(`"from" is missing: the user's id, or a short name like "alice"`)
	}
	id, now := s.ids.next(), s.clock.now()
	w := b.windows[from]
	if w == nil {
		w = &window{user: from, tokens: map[string]struct{}{}}
	}
	at := now
	if now.UnixMilli() <= w.said {
		at = time.UnixMilli(w.said + 1) // nobody writes twice in a millisecond
	}
	items, err := s.inboundItems(b, in, id, at)
	if err != nil {
		return "", err
	}
	msg := &inbound{
		id:       id,
		from:     from,
		clientID: "wx-" + randomHex(8),
		token:    randomBase64(24),
		at:       at,
		due:      now,
		items:    items,
	}
	b.seq++
	msg.seq = b.seq
	b.queue = append(b.queue, msg)
	b.windows[from] = w
	w.last, w.used, w.said = now, 0, at.UnixMilli()
	w.tokens[msg.token] = struct{}{}

	s.messages[id] = quotable{bot: b.id, text: in.summary(), item: items[0], at: at}
	s.touch()
	return strconv.FormatUint(id, 10), nil
}

// summary is how a client of WeChat would show the message in one line.
func (in In) summary() string {
	switch {
	case in.Text != "":
		return in.Text
	case in.Image != nil:
		return "[图片]"
	case in.File != nil:
		return "[文件] " + in.File.Name
	case in.Video != nil:
		return "[视频]"
	case in.Voice != nil:
		return "[语音] " + in.Transcript
	default:
		return "[消息]"
	}
}

// inboundItems builds the item_list. mu must be held, as for all below.
func (s *Server) inboundItems(b *bot, in In, id uint64, now time.Time) ([]json.RawMessage, error) {
	var items []map[string]any
	add := func(kind int, key string, body map[string]any) {
		item := map[string]any{
			"type": kind, key: body, "is_completed": true, "button_item_list": []any{},
			"create_time_ms": now.UnixMilli(), "update_time_ms": now.UnixMilli(),
			"msg_id": jsonID(id, true),
		}
		if s.has(NoItemIDs) {
			delete(item, "msg_id")
		}
		items = append(items, item)
	}
	if in.Text != "" {
		add(itemText, "text_item", map[string]any{"text": in.Text})
	}
	for _, m := range []struct {
		blob *Blob
		kind int
		key  string
		make func(*bot, In, *Blob) (map[string]any, error)
	}{
		{in.Image, itemImage, "image_item", s.inboundImage},
		{in.File, itemFile, "file_item", s.inboundFile},
		{in.Video, itemVideo, "video_item", s.inboundVideo},
		{in.Voice, itemVoice, "voice_item", s.inboundVoice},
	} {
		if m.blob == nil {
			continue
		}
		body, err := m.make(b, in, m.blob)
		if err != nil {
			return nil, err
		}
		add(m.kind, m.key, body)
	}
	for i, raw := range in.Items {
		var item map[string]any
		if err := unmarshalNumbers(raw, &item); err != nil || item == nil {
			return nil, fmt.Errorf("item %d is no JSON object", i+1)
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, errors.New("the message is empty: give text, an image, a file, a video, a voice or items")
	}
	if err := s.addQuote(b, in, items[0]); err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(items))
	for i, item := range items {
		raw, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		out[i] = raw
	}
	return out, nil
}

// addQuote puts ref_msg into the first item.
func (s *Server) addQuote(b *bot, in In, item map[string]any) error {
	if in.Quote == "" {
		if in.Partial != nil || in.QuoteStyle != "" {
			return errors.New("a quote needs the id of the message quoted")
		}
		return nil
	}
	id, ok := parseID([]byte(in.Quote))
	if !ok {
		return fmt.Errorf("quote %q is no message id", in.Quote)
	}
	s.counts.quotesIn++
	ref := map[string]any{"svr_id": jsonID(id, s.has(StringIDs) && s.counts.quotesIn%2 == 1)}
	switch in.QuoteStyle {
	case "", QuoteByID:
	case QuoteFull:
		q, known := s.messages[id]
		if !known || q.bot != b.id {
			return fmt.Errorf("message %d was never in this bot's chats, so it can't be quoted in full", id)
		}
		ref["title"], ref["message_item"] = q.text, q.item
	case QuoteItem, QuoteBot, QuoteBare:
		q, known := s.messages[id]
		if !known || q.bot != b.id {
			return fmt.Errorf("message %d was never in this bot's chats, so it can't be quoted in this style", id)
		}
		ref = map[string]any{"message_item": q.quotedAs(in.QuoteStyle, id)}
	default:
		return fmt.Errorf("quote style %q is none of %q", in.QuoteStyle, []QuoteStyle{QuoteByID, QuoteFull, QuoteItem, QuoteBot, QuoteBare})
	}
	if in.Partial != nil {
		ref["partial_text"] = in.Partial
	}
	item["ref_msg"] = ref
	return nil
}

// render is the message as getupdates gives it; its id alternates between the
// two JSON forms, so that a later copy of it has the other one.
func (s *Server) render(b *bot, in *inbound) map[string]any {
	s.counts.idForms++
	fields := map[string]any{
		"seq":            in.seq,
		"message_id":     jsonID(in.id, s.has(StringIDs) && s.counts.idForms%2 == 0),
		"from_user_id":   in.from,
		"to_user_id":     b.id,
		"client_id":      in.clientID,
		"create_time_ms": in.at.UnixMilli(),
		"update_time_ms": in.at.UnixMilli(),
		"session_id":     in.from + "#" + b.id,
		"message_type":   messageUser,
		"message_state":  stateFinish,
		"item_list":      in.items,
		"context_token":  in.token,
	}
	if in.noID {
		delete(fields, "message_id")
	}
	return fields
}
