package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strconv"
	"strings"

	"github.com/ilinkd/ilinkd/ilink"
)

// BaseInfo is what every iLink request says about the program that makes it.
type BaseInfo struct {
	ChannelVersion string `json:"channel_version,omitempty"`
}

// GetUpdatesRequest is the body of POST /ilink/bot/getupdates.
type GetUpdatesRequest struct {
	GetUpdatesBuf string   `json:"get_updates_buf"`
	BaseInfo      BaseInfo `json:"base_info"`
}

// GetUpdatesResponse is the answer to it. Ret or ErrCode other than 0 is a
// failure; -14 says that the token is no longer good.
type GetUpdatesResponse struct {
	Ret                  int             `json:"ret"`
	ErrCode              int             `json:"errcode,omitempty"`
	ErrMsg               string          `json:"errmsg,omitempty"`
	Msgs                 []WeixinMessage `json:"msgs,omitempty"`
	GetUpdatesBuf        string          `json:"get_updates_buf,omitempty"`
	LongPollingTimeoutMs int             `json:"longpolling_timeout_ms,omitempty"`
}

// SendMessageRequest is the body of POST /ilink/bot/sendmessage.
type SendMessageRequest struct {
	Msg      WeixinMessage `json:"msg"`
	BaseInfo BaseInfo      `json:"base_info"`
}

// WeixinMessage is a message from or to WeChat.
type WeixinMessage struct {
	FromUserID   string        `json:"from_user_id,omitempty"`
	ToUserID     string        `json:"to_user_id,omitempty"`
	ClientID     string        `json:"client_id,omitempty"`
	CreateTimeMs int64         `json:"create_time_ms,omitempty"`
	MessageType  int           `json:"message_type,omitempty"`  // 1 a user's, 2 a bot's
	MessageState int           `json:"message_state,omitempty"` // 0 new, 1 being generated, 2 finished
	ItemList     []MessageItem `json:"item_list,omitempty"`
	ContextToken string        `json:"context_token,omitempty"` // a secret

	// MessageID and Seq tell a second delivery of the same message.
	MessageID MessageID `json:"message_id,omitempty"`
	Seq       int64     `json:"seq,omitempty"`
	// GroupID is set for a message of a group chat.
	GroupID string `json:"group_id,omitempty"`
}

// String says which message it is, and leaves content and secrets out.
func (m WeixinMessage) String() string {
	return fmt.Sprintf("message %s from %s, %d items", m.MessageID, m.FromUserID, len(m.ItemList))
}

// GoString is String: %#v must not show the context token either.
func (m WeixinMessage) GoString() string { return m.String() }

// LogValue is String for structured logs.
func (m WeixinMessage) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MessageItem is one piece of a message's content.
type MessageItem struct {
	Type     int       `json:"type,omitempty"` // 1 text, 2 image, 3 voice, 4 file, 5 video
	TextItem *TextItem `json:"text_item,omitempty"`

	// VoiceItem is there for its transcript. Media are for package ilink.
	VoiceItem *VoiceItem `json:"voice_item,omitempty"`
}

// TextItem is the content of a text item.
type TextItem struct {
	Text string `json:"text,omitempty"`
}

// VoiceItem is what of a voice item is text.
type VoiceItem struct {
	Text string `json:"text,omitempty"` // the transcript, "" if there is none
}

// MessageID is a message's id, a uint64 in decimal digits. On the wire it is a
// JSON number or a string; it is written as a string, since readers that take
// numbers for floating point lose its last digits.
type MessageID string

// UnmarshalJSON reads the id from a JSON number or string, every digit of it.
func (id *MessageID) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0 || bytes.Equal(b, []byte("null")):
		*id = ""
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*id = canonicalID(strings.TrimSpace(s))
		return nil
	case b[0] == '-' || (b[0] >= '0' && b[0] <= '9'):
		// A whole number may be written with an exponent.
		if bytes.ContainsAny(b, ".eE") && len(b) < 40 {
			if f, _, err := big.ParseFloat(string(b), 10, 256, big.ToNearestEven); err == nil && f.IsInt() {
				*id = canonicalID(f.Text('f', 0))
				return nil
			}
		}
		*id = canonicalID(string(b))
		return nil
	}
	return errors.New("bridge: a message id is a number or a string")
}

// canonicalID is "" for zero, which is no id, and undoes what an int64 makes of
// a large uint64.
func canonicalID(text string) MessageID {
	u, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return MessageID(text)
		}
		u = uint64(i)
	}
	if u == 0 {
		return ""
	}
	return MessageID(strconv.FormatUint(u, 10))
}

// messageFrom is ilink's message in this package's words.
func messageFrom(m *ilink.Message) WeixinMessage {
	w := WeixinMessage{
		FromUserID: m.From, ToUserID: m.To, ClientID: m.ClientID, CreateTimeMs: m.CreateTimeMs,
		MessageType: int(m.Type), MessageState: m.State, ContextToken: m.ContextToken,
		MessageID: MessageID(m.ID), Seq: m.Seq, GroupID: m.GroupID,
	}
	for _, it := range m.Items {
		item := MessageItem{Type: int(it.Type)}
		if it.Text != nil {
			item.TextItem = &TextItem{Text: it.Text.Text}
		}
		if it.Voice != nil {
			item.VoiceItem = &VoiceItem{Text: it.Voice.RecognText}
		}
		w.ItemList = append(w.ItemList, item)
	}
	return w
}
