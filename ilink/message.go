package ilink

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// ItemType identifies the kind of content in an [Item] (protocol §3).
type ItemType int

const (
	ItemTypeText  ItemType = 1
	ItemTypeImage ItemType = 2
	ItemTypeVoice ItemType = 3
	ItemTypeFile  ItemType = 4
	ItemTypeVideo ItemType = 5

	// ItemTypeToolCallStart and ItemTypeToolCallResult tell of an agent's
	// tool calls. The server is said to accept and then drop them.
	ItemTypeToolCallStart  ItemType = 11
	ItemTypeToolCallResult ItemType = 12
)

// String returns the name that scripts and logs use for the kind: "text",
// "image", "voice", "file", "video", "tool_call_start", "tool_call_result" or
// "unknown".
func (t ItemType) String() string {
	switch t {
	case ItemTypeText:
		return "text"
	case ItemTypeImage:
		return "image"
	case ItemTypeVoice:
		return "voice"
	case ItemTypeFile:
		return "file"
	case ItemTypeVideo:
		return "video"
	case ItemTypeToolCallStart:
		return "tool_call_start"
	case ItemTypeToolCallResult:
		return "tool_call_result"
	}
	return "unknown"
}

// Item is one piece of content of a message. Type says which of the pointer
// fields is set; a message of the server's may carry several items, one that we
// send carries one.
type Item struct {
	Type  ItemType
	Text  *TextItem
	Image *ImageItem
	Voice *VoiceItem
	File  *FileItem
	Video *VideoItem

	// ToolCallStart and ToolCallResult go with the types 11 and 12.
	ToolCallStart  *ToolCallStartItem
	ToolCallResult *ToolCallResultItem

	// RefMsg is set when this item quotes an earlier message.
	RefMsg *RefMessage
	// MsgID is the item's own id (inbound only).
	MsgID string
	// CreateTimeMs is when the item was made, in ms since 1970 (inbound only).
	CreateTimeMs int64
	// UpdateTimeMs is when the item last changed (inbound only).
	UpdateTimeMs int64
	// IsCompleted says that the content is there in full (inbound only).
	IsCompleted bool
}

// TextMessage returns an item of plain text.
func TextMessage(text string) Item {
	return Item{Type: ItemTypeText, Text: &TextItem{Text: text}}
}

// Media returns the item's CDN reference, or nil where the item has none. For
// an image the key in ImageItem.AESKey, which the protocol prefers, is already
// put in place.
func (it *Item) Media() *CDNMedia {
	switch {
	case it.Type == ItemTypeImage && it.Image != nil:
		return it.Image.keyedMedia()
	case it.Type == ItemTypeVoice && it.Voice != nil:
		return it.Voice.Media
	case it.Type == ItemTypeFile && it.File != nil:
		return it.File.Media
	case it.Type == ItemTypeVideo && it.Video != nil:
		return it.Video.Media
	}
	return nil
}

// TextItem is plain text.
type TextItem struct {
	Text string
}

// CDNMedia refers to a file on the CDN, encrypted with AES-128-ECB (protocol §5).
type CDNMedia struct {
	// EncryptQueryParam is the CDN's opaque name for the file.
	EncryptQueryParam string
	// AESKey is the key in base64: of the 16 raw bytes, or of their 32 hex
	// digits. We send the latter, since phones show a grey box for the former.
	AESKey string
	// EncryptType: 0 the file id alone is encrypted, 1 thumbnail and middle
	// size are packed along.
	EncryptType int
	// FullURL is the whole download URL, where the server gives one.
	FullURL string

	// RawSize and EncryptedSize are the sizes of plaintext and ciphertext in
	// bytes, and MD5 is the plaintext's, in hex. An upload sets them, and sending
	// takes the sizes of an item from them.
	RawSize       int64
	EncryptedSize int64
	MD5           string
	// FileName is what [UploadOptions] named the file.
	FileName string
	// Thumb is the thumbnail uploaded along, if any.
	Thumb *CDNMedia

	// image says that it belongs to an image: only these may be plain on the CDN.
	image bool
}

// key is the key as bytes, nil for an image that has none and so is plain.
func (m *CDNMedia) key() ([]byte, error) {
	if m.AESKey == "" {
		if m.image {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: there is no key to decrypt it with", ErrMedia)
	}
	return parseKey(m.AESKey)
}

// MediaItem is what UploadMedia once returned.
//
// Deprecated: use [CDNMedia].
type MediaItem = CDNMedia

// ImageItem is a picture, perhaps with a thumbnail.
type ImageItem struct {
	// Media refers to the picture in full size.
	Media *CDNMedia
	// ThumbMedia refers to the thumbnail.
	ThumbMedia *CDNMedia

	// AESKey is the key as 32 hex digits; where set it goes before Media.AESKey.
	// An inbound message has it in Media.AESKey as well.
	AESKey string
	// URL is a direct link, where the server gives one.
	URL string

	// ThumbWidth and ThumbHeight are in pixels, the sizes in bytes of ciphertext.
	ThumbWidth  int
	ThumbHeight int
	ThumbSize   int
	MidSize     int
	HDSize      int
}

func (im *ImageItem) keyedMedia() *CDNMedia {
	if im.Media == nil || im.AESKey == "" && (im.Media.image || im.Media.AESKey != "") {
		return im.Media
	}
	m := *im.Media
	m.image = true
	if im.AESKey != "" {
		m.AESKey = base64OfHexKey(im.AESKey)
	}
	return &m
}

// putKeyInPlace makes Media, on its own, what a download needs: the key that
// goes before Media's is put there, if Media has another one or none.
func (im *ImageItem) putKeyInPlace() {
	if im.Media == nil {
		return
	}
	preferred, err := parseKey(im.AESKey)
	if err != nil {
		return
	}
	if key, err := parseKey(im.Media.AESKey); err != nil || !bytes.Equal(key, preferred) {
		im.Media.AESKey = base64OfHex(preferred)
	}
}

// VoiceEncodeType is the codec of a voice message.
type VoiceEncodeType int

const (
	VoiceEncodePCM      VoiceEncodeType = 1
	VoiceEncodeADPCM    VoiceEncodeType = 2
	VoiceEncodeFeature  VoiceEncodeType = 3
	VoiceEncodeSpeex    VoiceEncodeType = 4
	VoiceEncodeAMR      VoiceEncodeType = 5
	VoiceEncodeSilk     VoiceEncodeType = 6
	VoiceEncodeMP3      VoiceEncodeType = 7
	VoiceEncodeOGGSpeex VoiceEncodeType = 8
)

// VoiceItem is a voice message. Inbound it is SILK, often with a transcript.
// Outbound voice is accepted by the server and never shown on a phone: send
// audio as a file.
type VoiceItem struct {
	// Media refers to the audio.
	Media *CDNMedia

	// EncodeType is the codec: SILK (6) nearly always; 4 at 16 kHz occurs and
	// is SILK too.
	EncodeType VoiceEncodeType
	// BitsPerSample and SampleRate (Hz) describe the audio.
	BitsPerSample int
	SampleRate    int
	// PlaytimeMs is the length in ms.
	PlaytimeMs int
	// RecognText is the transcript (inbound only, may be empty).
	RecognText string
}

// FileItem is an attached file.
type FileItem struct {
	// Media refers to the file.
	Media *CDNMedia

	// FileName is the name that the user sees.
	FileName string
	// MD5 is the plaintext's, in hex.
	MD5 string
	// Size is the plaintext's, in bytes.
	Size int64
}

// VideoItem is a video, perhaps with a thumbnail.
type VideoItem struct {
	// Media refers to the video.
	Media *CDNMedia
	// ThumbMedia refers to the thumbnail.
	ThumbMedia *CDNMedia

	// VideoSize is a size in bytes. The wire wants the ciphertext's (protocol
	// §5): sending takes that from an uploaded Media and else goes by this.
	VideoSize int
	// PlayLengthMs is the length in ms.
	PlayLengthMs int
	// VideoMD5 is the plaintext's, in hex.
	VideoMD5 string

	ThumbSize   int
	ThumbWidth  int
	ThumbHeight int
}

// ToolCallStartItem tells that an agent calls a tool.
type ToolCallStartItem struct {
	ToolName   string
	ToolCallID string
}

// ToolCallResultItem tells how a tool call ended.
type ToolCallResultItem struct {
	ToolName   string
	ToolCallID string
	Status     string
}

// RefMessage is a quoted message. Newer phones give only ServerID: what was
// quoted then has to be looked up in a store of past messages.
type RefMessage struct {
	// Item is the quoted content, where the server repeats it.
	Item *Item
	// Title is a summary in plain text.
	Title string

	// ServerID is the quoted message's id, a uint64 in decimal (svr_id).
	ServerID string
	// Partial is set when only a part of a text was quoted; [ResolveQuote]
	// finds that part.
	Partial *PartialText
}

// PartialText selects a part of a quoted text (protocol §3, Quotes).
type PartialText struct {
	// Start and End are the texts with which the part starts and ends.
	Start string
	End   string
	// StartIndex and EndIndex say which occurrence, from 0.
	StartIndex int
	EndIndex   int
	// QuoteMD5 is the MD5 of the part in UTF-8, in hex; it may be empty.
	QuoteMD5 string
}

// MessageType says who wrote a message.
type MessageType int

const (
	MessageTypeUser MessageType = 1
	MessageTypeBot  MessageType = 2
)

// Message is a message received from a user.
type Message struct {
	// Seq is a sequence number.
	Seq int64
	// MessageID is the message's id as a signed number. The wire has a uint64:
	// above the maximum of int64 this wraps to a negative number. ID is exact.
	MessageID int64
	// ID is the message's id as the wire has it, a uint64 in decimal digits;
	// empty if the server gave none.
	ID string

	// From is the sender, "…@im.wechat".
	From string
	// To is the bot, "…@im.bot".
	To string
	// GroupID is set for a message of a group chat.
	GroupID string
	// SessionID is the server's name for the conversation.
	SessionID string
	// ClientID is the id that the sender's program gave the message.
	ClientID string
	// RunID ties messages of one agent run together.
	RunID string
	// Type says who wrote the message: [MessageTypeUser] for a user's.
	Type MessageType
	// State is 0 new, 1 being generated, 2 finished.
	State int

	// CreateTimeMs, UpdateTimeMs and DeleteTimeMs are in ms since 1970.
	CreateTimeMs int64
	UpdateTimeMs int64
	DeleteTimeMs int64

	// ContextToken goes back verbatim with each answer. It is a secret.
	ContextToken string

	// Items is the content, in order.
	Items []Item
}

// Text returns the texts of all text items, joined; "" if there are none.
func (m *Message) Text() string {
	var b strings.Builder
	for i := range m.Items {
		if it := &m.Items[i]; it.Type == ItemTypeText && it.Text != nil {
			b.WriteString(it.Text.Text)
		}
	}
	return b.String()
}

// LogValue says which message it is, and leaves content and secrets out.
func (m *Message) LogValue() slog.Value {
	if m == nil {
		return slog.StringValue("no message")
	}
	return slog.GroupValue(
		slog.String("key", m.Key()), slog.String("from", m.From), slog.Int("items", len(m.Items)))
}

// IsGroup reports whether the message comes from a group chat.
func (m *Message) IsGroup() bool { return m.GroupID != "" }

// Key returns what two deliveries of the same message have in common: its id,
// else that of its first item, else its client id, else sequence number, sender
// and time (protocol §3: delivery is at least once). See also [Message.ContentKey].
func (m *Message) Key() string {
	switch {
	case m.ID != "":
		return "m:" + m.ID
	case len(m.Items) > 0 && m.Items[0].MsgID != "":
		return "i:" + m.Items[0].MsgID
	case m.ClientID != "":
		return "c:" + m.ClientID
	}
	return "s:" + formatInt(m.Seq) + ":" + m.From + ":" + formatInt(m.CreateTimeMs)
}

// Handler handles an inbound message, much as net/http's handles a request. An
// error says that handling failed; it is logged and polling goes on.
type Handler interface {
	ServeMessage(ctx context.Context, msg *Message) error
}

// HandlerFunc makes a function a [Handler].
type HandlerFunc func(ctx context.Context, msg *Message) error

// ServeMessage calls f(ctx, msg).
func (f HandlerFunc) ServeMessage(ctx context.Context, msg *Message) error {
	return f(ctx, msg)
}

// OutboundMessage is a message to be sent.
type OutboundMessage struct {
	// To is the receiver, "…@im.wechat".
	To string
	// GroupID names a group chat instead.
	GroupID string
	// ContextToken is that of the user's message which is answered; see
	// [Client.Reply].
	ContextToken string
	// Items is the content: at least one item, sent as one message each.
	Items []Item

	// ClientID is our id for the message, up to 64 characters, the same when the
	// same message is tried again. If empty, one is made up. With several items
	// the second gets the suffix "-2", and so on: leave room for that.
	ClientID string
	// RunID ties messages of one agent run together.
	RunID string
}
