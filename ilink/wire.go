package ilink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// wireID is a uint64 id in decimal, as a JSON number or string (protocol §1).
// The digits are kept as they came: they pass what int64 and float64 hold.
type wireID string

func (id *wireID) UnmarshalJSON(b []byte) error {
	text, quoted, err := scalarText(b)
	if err != nil {
		return err
	}
	if !quoted {
		text = wholeNumber(text)
	}
	*id = wireID(canonicalID(text))
	return nil
}

// MarshalJSON writes a number where the id is one: Tencent's types say uint64.
func (id wireID) MarshalJSON() ([]byte, error) {
	if u, err := strconv.ParseUint(string(id), 10, 64); err == nil {
		return strconv.AppendUint(nil, u, 10), nil
	}
	return json.Marshal(string(id))
}

// int64 wraps ids above the maximum of int64, as a Go conversion from uint64
// does. 0 for an id that isn't a number.
func (id wireID) int64() int64 {
	u, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil {
		return 0
	}
	return int64(u)
}

// canonicalID makes one text of the ways in which a number can be written, so
// that a duplicate in the other form is still recognised; "" for zero, which is
// no id. A negative number is an int64 that some proxy made of a uint64.
func canonicalID(text string) string {
	u, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		var i int64
		if i, err = strconv.ParseInt(text, 10, 64); err != nil {
			return text
		}
		u = uint64(i)
	}
	if u == 0 {
		return ""
	}
	return strconv.FormatUint(u, 10)
}

// wholeNumber writes out a JSON number with a fraction or an exponent, if it is
// a uint64 all the same. Only for numbers: "12e5" as a string is a name.
func wholeNumber(text string) string {
	const longest = 40
	if !strings.ContainsAny(text, ".eE") || len(text) > longest {
		return text
	}
	f, _, err := big.ParseFloat(text, 10, 256, big.ToNearestEven)
	if err != nil {
		return text
	}
	// IsInt too: Uint64 calls it exact when it has cut off a fraction.
	if u, accuracy := f.Uint64(); accuracy == big.Exact && f.IsInt() {
		return strconv.FormatUint(u, 10)
	}
	return text
}

// wireInt is an integer as a JSON number or string; the server mixes them
// (file_item.len is a string, sizes are numbers).
type wireInt int64

func (n *wireInt) UnmarshalJSON(b []byte) error {
	text, _, err := scalarText(b)
	if err != nil {
		return err
	}
	if text == "" {
		*n = 0
		return nil
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = wireInt(i)
		return nil
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		// Wraps, as ids do: losing the message for its sequence number is worse.
		*n = wireInt(u)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != f || f < -1<<62 || f > 1<<62 {
		// The text is not named: it may be anything, a secret too.
		return fmt.Errorf("a number was expected, not a text of %d bytes", len(text))
	}
	*n = wireInt(f)
	return nil
}

// scalarText returns the text of a JSON number or string, "" for null, and
// whether it was a string.
func scalarText(b []byte) (text string, quoted bool, err error) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0, bytes.Equal(b, []byte("null")):
		return "", false, nil
	case b[0] == '"':
		var s string
		err := json.Unmarshal(b, &s)
		return strings.TrimSpace(s), true, err
	case b[0] == '-' || (b[0] >= '0' && b[0] <= '9'):
		return string(b), false, nil
	case b[0] == '{':
		return "", false, errors.New("a number or a string was expected, not an object")
	case b[0] == '[':
		return "", false, errors.New("a number or a string was expected, not an array")
	}
	return "", false, errors.New("a number or a string was expected, not true or false")
}

func formatInt(i int64) string { return strconv.FormatInt(i, 10) }

// The wire's message and its parts, named as protocol §3 has them.
type (
	wireMessage struct {
		Seq          wireInt    `json:"seq,omitempty"`
		MessageID    wireID     `json:"message_id,omitempty"`
		FromUserID   string     `json:"from_user_id,omitempty"`
		ToUserID     string     `json:"to_user_id,omitempty"`
		ClientID     string     `json:"client_id,omitempty"`
		CreateTimeMs wireInt    `json:"create_time_ms,omitempty"`
		UpdateTimeMs wireInt    `json:"update_time_ms,omitempty"`
		DeleteTimeMs wireInt    `json:"delete_time_ms,omitempty"`
		SessionID    string     `json:"session_id,omitempty"`
		GroupID      string     `json:"group_id,omitempty"`
		MessageType  wireInt    `json:"message_type,omitempty"`
		MessageState wireInt    `json:"message_state,omitempty"`
		ItemList     []wireItem `json:"item_list,omitempty"`
		ContextToken string     `json:"context_token,omitempty"`
		RunID        string     `json:"run_id,omitempty"`
	}

	wireItem struct {
		Type           wireInt         `json:"type,omitempty"`
		CreateTimeMs   wireInt         `json:"create_time_ms,omitempty"`
		UpdateTimeMs   wireInt         `json:"update_time_ms,omitempty"`
		IsCompleted    bool            `json:"is_completed,omitempty"`
		MsgID          wireID          `json:"msg_id,omitempty"`
		RefMsg         *wireRef        `json:"ref_msg,omitempty"`
		Text           *wireText       `json:"text_item,omitempty"`
		Image          *wireImage      `json:"image_item,omitempty"`
		Voice          *wireVoice      `json:"voice_item,omitempty"`
		File           *wireFile       `json:"file_item,omitempty"`
		Video          *wireVideo      `json:"video_item,omitempty"`
		ToolCallStart  *wireToolStart  `json:"tool_call_start_item,omitempty"`
		ToolCallResult *wireToolResult `json:"tool_call_result_item,omitempty"`
	}

	wireText struct {
		Text string `json:"text"`
	}

	wireMedia struct {
		EncryptQueryParam string  `json:"encrypt_query_param,omitempty"`
		AESKey            string  `json:"aes_key,omitempty"`
		EncryptType       wireInt `json:"encrypt_type,omitempty"`
		FullURL           string  `json:"full_url,omitempty"`
	}

	wireImage struct {
		Media       *wireMedia `json:"media,omitempty"`
		ThumbMedia  *wireMedia `json:"thumb_media,omitempty"`
		AESKey      string     `json:"aeskey,omitempty"`
		URL         string     `json:"url,omitempty"`
		MidSize     wireInt    `json:"mid_size,omitempty"`
		ThumbSize   wireInt    `json:"thumb_size,omitempty"`
		ThumbWidth  wireInt    `json:"thumb_width,omitempty"`
		ThumbHeight wireInt    `json:"thumb_height,omitempty"`
		HDSize      wireInt    `json:"hd_size,omitempty"`
	}

	wireVoice struct {
		Media         *wireMedia `json:"media,omitempty"`
		EncodeType    wireInt    `json:"encode_type,omitempty"`
		BitsPerSample wireInt    `json:"bits_per_sample,omitempty"`
		SampleRate    wireInt    `json:"sample_rate,omitempty"`
		Playtime      wireInt    `json:"playtime,omitempty"`
		Text          string     `json:"text,omitempty"`
	}

	wireFile struct {
		Media    *wireMedia `json:"media,omitempty"`
		FileName string     `json:"file_name,omitempty"`
		MD5      string     `json:"md5,omitempty"`
		Len      wireLen    `json:"len"`
	}

	wireVideo struct {
		Media       *wireMedia `json:"media,omitempty"`
		VideoSize   wireInt    `json:"video_size,omitempty"`
		PlayLength  wireInt    `json:"play_length,omitempty"`
		VideoMD5    string     `json:"video_md5,omitempty"`
		ThumbMedia  *wireMedia `json:"thumb_media,omitempty"`
		ThumbSize   wireInt    `json:"thumb_size,omitempty"`
		ThumbWidth  wireInt    `json:"thumb_width,omitempty"`
		ThumbHeight wireInt    `json:"thumb_height,omitempty"`
	}

	wireToolStart struct {
		ToolName   string `json:"tool_name,omitempty"`
		ToolCallID string `json:"tool_call_id,omitempty"`
	}

	wireToolResult struct {
		ToolName   string `json:"tool_name,omitempty"`
		ToolCallID string `json:"tool_call_id,omitempty"`
		Status     string `json:"status,omitempty"`
	}

	wireRef struct {
		MessageItem *wireItem    `json:"message_item,omitempty"`
		Title       string       `json:"title,omitempty"`
		SvrID       wireID       `json:"svr_id,omitempty"`
		PartialText *wirePartial `json:"partial_text,omitempty"`
	}

	wirePartial struct {
		Start      string  `json:"start"`
		End        string  `json:"end"`
		StartIndex wireInt `json:"startindex"`
		EndIndex   wireInt `json:"endindex"`
		QuoteMD5   string  `json:"quotemd5,omitempty"`
	}
)

// wireLen is a size that goes out as a string.
type wireLen int64

func (n *wireLen) UnmarshalJSON(b []byte) error { return (*wireInt)(n).UnmarshalJSON(b) }

func (n wireLen) MarshalJSON() ([]byte, error) { return json.Marshal(formatInt(int64(n))) }
