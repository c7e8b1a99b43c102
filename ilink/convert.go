package ilink

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON writes the message as the wire has it (protocol §3), so that a
// message can be stored and read back: of the fields that this package knows,
// nothing is lost. The result holds the context token and media keys: keep it
// as safe as a token.
func (m Message) MarshalJSON() ([]byte, error) {
	w := wireMessage{
		Seq: wireInt(m.Seq), MessageID: wireID(m.ID), FromUserID: m.From, ToUserID: m.To,
		ClientID: m.ClientID, CreateTimeMs: wireInt(m.CreateTimeMs), UpdateTimeMs: wireInt(m.UpdateTimeMs),
		DeleteTimeMs: wireInt(m.DeleteTimeMs), SessionID: m.SessionID, GroupID: m.GroupID,
		MessageType: wireInt(m.Type), MessageState: wireInt(m.State), ContextToken: m.ContextToken, RunID: m.RunID,
	}
	if w.MessageID == "" && m.MessageID != 0 {
		w.MessageID = wireID(canonicalID(formatInt(m.MessageID)))
	}
	for i := range m.Items {
		w.ItemList = append(w.ItemList, *itemToWire(&m.Items[i], everything))
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads a message as the wire has it.
func (m *Message) UnmarshalJSON(b []byte) error {
	var w wireMessage
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*m = Message{
		Seq: int64(w.Seq), MessageID: w.MessageID.int64(), ID: string(w.MessageID), From: w.FromUserID,
		To: w.ToUserID, ClientID: w.ClientID, CreateTimeMs: int64(w.CreateTimeMs),
		UpdateTimeMs: int64(w.UpdateTimeMs), DeleteTimeMs: int64(w.DeleteTimeMs), SessionID: w.SessionID,
		GroupID: w.GroupID, Type: MessageType(w.MessageType), State: int(w.MessageState),
		ContextToken: w.ContextToken, RunID: w.RunID,
	}
	for i := range w.ItemList {
		m.Items = append(m.Items, itemFromWire(&w.ItemList[i]))
	}
	return nil
}

// MarshalJSON writes the item as the wire has it.
func (it Item) MarshalJSON() ([]byte, error) { return json.Marshal(itemToWire(&it, everything)) }

// UnmarshalJSON reads an item as the wire has it.
func (it *Item) UnmarshalJSON(b []byte) error {
	var w wireItem
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*it = itemFromWire(&w)
	return nil
}

func itemFromWire(w *wireItem) Item {
	it := Item{
		Type: ItemType(w.Type), MsgID: string(w.MsgID), CreateTimeMs: int64(w.CreateTimeMs),
		UpdateTimeMs: int64(w.UpdateTimeMs), IsCompleted: w.IsCompleted,
	}
	if t := w.Text; t != nil {
		it.Text = &TextItem{Text: t.Text}
	}
	if im := w.Image; im != nil {
		it.Image = &ImageItem{
			Media: mediaFromWire(im.Media), ThumbMedia: mediaFromWire(im.ThumbMedia), AESKey: im.AESKey,
			URL: im.URL, MidSize: int(im.MidSize), ThumbSize: int(im.ThumbSize), ThumbWidth: int(im.ThumbWidth),
			ThumbHeight: int(im.ThumbHeight), HDSize: int(im.HDSize),
		}
		for _, m := range []*CDNMedia{it.Image.Media, it.Image.ThumbMedia} {
			if m != nil {
				m.image = true
			}
		}
		it.Image.putKeyInPlace()
	}
	if v := w.Voice; v != nil {
		it.Voice = &VoiceItem{
			Media: mediaFromWire(v.Media), EncodeType: VoiceEncodeType(v.EncodeType),
			BitsPerSample: int(v.BitsPerSample), SampleRate: int(v.SampleRate), PlaytimeMs: int(v.Playtime),
			RecognText: v.Text,
		}
	}
	if f := w.File; f != nil {
		it.File = &FileItem{Media: mediaFromWire(f.Media), FileName: f.FileName, MD5: f.MD5, Size: int64(f.Len)}
	}
	if v := w.Video; v != nil {
		it.Video = &VideoItem{
			Media: mediaFromWire(v.Media), ThumbMedia: mediaFromWire(v.ThumbMedia), VideoSize: int(v.VideoSize),
			PlayLengthMs: int(v.PlayLength), VideoMD5: v.VideoMD5, ThumbSize: int(v.ThumbSize),
			ThumbWidth: int(v.ThumbWidth), ThumbHeight: int(v.ThumbHeight),
		}
	}
	if t := w.ToolCallStart; t != nil {
		it.ToolCallStart = &ToolCallStartItem{ToolName: t.ToolName, ToolCallID: t.ToolCallID}
	}
	if t := w.ToolCallResult; t != nil {
		it.ToolCallResult = &ToolCallResultItem{ToolName: t.ToolName, ToolCallID: t.ToolCallID, Status: t.Status}
	}
	if r := w.RefMsg; r != nil {
		it.RefMsg = &RefMessage{Title: r.Title, ServerID: string(r.SvrID)}
		if r.MessageItem != nil {
			quoted := itemFromWire(r.MessageItem)
			it.RefMsg.Item = &quoted
		}
		if p := r.PartialText; p != nil {
			it.RefMsg.Partial = &PartialText{
				Start: p.Start, End: p.End, StartIndex: int(p.StartIndex), EndIndex: int(p.EndIndex), QuoteMD5: p.QuoteMD5,
			}
		}
	}
	return it
}

func mediaFromWire(w *wireMedia) *CDNMedia {
	if w == nil {
		return nil
	}
	return &CDNMedia{
		EncryptQueryParam: w.EncryptQueryParam, AESKey: w.AESKey, EncryptType: int(w.EncryptType), FullURL: w.FullURL,
	}
}

// direction says which fields an item is written with.
type direction int

const (
	// outbound: only those that sendmessage takes. Further ones, such as
	// full_url or create_time_ms, have made sends fail (protocol §4).
	outbound direction = iota
	// everything: for storing.
	everything
)

func itemToWire(it *Item, dir direction) *wireItem {
	if dir == outbound {
		it = it.ofItsType()
	}
	w := &wireItem{Type: wireInt(it.Type)}
	if dir == everything {
		w.MsgID, w.IsCompleted = wireID(it.MsgID), it.IsCompleted
		w.CreateTimeMs, w.UpdateTimeMs = wireInt(it.CreateTimeMs), wireInt(it.UpdateTimeMs)
	}
	if t := it.Text; t != nil {
		w.Text = &wireText{Text: t.Text}
	}
	if im := it.Image; im != nil {
		w.Image = &wireImage{
			Media: mediaToWire(im.Media, dir), ThumbMedia: mediaToWire(thumbOf(im.ThumbMedia, im.Media), dir),
			MidSize: sizeOr(im.MidSize, im.Media), ThumbSize: wireInt(im.ThumbSize),
			ThumbWidth: wireInt(im.ThumbWidth), ThumbHeight: wireInt(im.ThumbHeight), HDSize: wireInt(im.HDSize),
		}
		if w.Image.ThumbMedia != nil && w.Image.ThumbSize == 0 {
			w.Image.ThumbSize = sizeOr(0, thumbOf(im.ThumbMedia, im.Media))
		}
		if dir == everything {
			w.Image.AESKey, w.Image.URL = im.AESKey, im.URL
		} else {
			w.Image.Media = mediaToWire(im.keyedMedia(), dir)
		}
	}
	if v := it.Voice; v != nil {
		w.Voice = &wireVoice{
			Media: mediaToWire(v.Media, dir), EncodeType: wireInt(v.EncodeType), BitsPerSample: wireInt(v.BitsPerSample),
			SampleRate: wireInt(v.SampleRate), Playtime: wireInt(v.PlaytimeMs),
		}
		if dir == everything {
			w.Voice.Text = v.RecognText
		}
	}
	if f := it.File; f != nil {
		w.File = &wireFile{Media: mediaToWire(f.Media, dir), FileName: f.FileName, MD5: f.MD5, Len: wireLen(f.Size)}
		if m := f.Media; m != nil {
			if w.File.Len == 0 {
				w.File.Len = wireLen(m.RawSize)
			}
			if w.File.FileName == "" {
				w.File.FileName = m.FileName
			}
		}
	}
	if v := it.Video; v != nil {
		w.Video = &wireVideo{
			Media: mediaToWire(v.Media, dir), ThumbMedia: mediaToWire(thumbOf(v.ThumbMedia, v.Media), dir),
			VideoSize: sizeOr(v.VideoSize, v.Media), PlayLength: wireInt(v.PlayLengthMs), VideoMD5: v.VideoMD5,
			ThumbSize: wireInt(v.ThumbSize), ThumbWidth: wireInt(v.ThumbWidth), ThumbHeight: wireInt(v.ThumbHeight),
		}
		if w.Video.ThumbMedia != nil && w.Video.ThumbSize == 0 {
			w.Video.ThumbSize = sizeOr(0, thumbOf(v.ThumbMedia, v.Media))
		}
	}
	if t := it.ToolCallStart; t != nil {
		w.ToolCallStart = &wireToolStart{ToolName: t.ToolName, ToolCallID: t.ToolCallID}
	}
	if t := it.ToolCallResult; t != nil {
		w.ToolCallResult = &wireToolResult{ToolName: t.ToolName, ToolCallID: t.ToolCallID, Status: t.Status}
	}
	if r := it.RefMsg; r != nil {
		w.RefMsg = refToWire(r, dir)
	}
	return w
}

func refToWire(r *RefMessage, dir direction) *wireRef {
	w := &wireRef{Title: r.Title, SvrID: wireID(r.ServerID)}
	if r.Item != nil {
		w.MessageItem = itemToWire(r.Item, dir)
	}
	if p := r.Partial; p != nil {
		w.PartialText = &wirePartial{
			Start: p.Start, End: p.End, StartIndex: wireInt(p.StartIndex), EndIndex: wireInt(p.EndIndex), QuoteMD5: p.QuoteMD5,
		}
	}
	return w
}

func mediaToWire(m *CDNMedia, dir direction) *wireMedia {
	if m == nil {
		return nil
	}
	w := &wireMedia{EncryptQueryParam: m.EncryptQueryParam, AESKey: m.AESKey, EncryptType: wireInt(m.EncryptType)}
	if dir == everything {
		w.FullURL = m.FullURL
	} else if key, err := parseKey(m.AESKey); err == nil {
		// An inbound reference that is sent on may have the form of key that phones
		// don't understand.
		w.AESKey = base64OfHex(key)
	}
	return w
}

// sizeOr is the ciphertext's size as the upload found it, which is what the wire
// wants, else the size given.
func sizeOr(size int, m *CDNMedia) wireInt {
	if m != nil && m.EncryptedSize > 0 {
		return wireInt(m.EncryptedSize)
	}
	return wireInt(size)
}

// thumbOf is the thumbnail given, else the one that was uploaded along.
func thumbOf(thumb, m *CDNMedia) *CDNMedia {
	if thumb == nil && m != nil {
		return m.Thumb
	}
	return thumb
}

// ofItsType is the item with the content that its type names and no other: the
// server refuses one with two kinds of content.
func (it *Item) ofItsType() *Item {
	one := Item{Type: it.Type, RefMsg: it.RefMsg}
	switch it.Type {
	case ItemTypeText:
		one.Text = it.Text
	case ItemTypeImage:
		one.Image = it.Image
	case ItemTypeVoice:
		one.Voice = it.Voice
	case ItemTypeFile:
		one.File = it.File
	case ItemTypeVideo:
		one.Video = it.Video
	case ItemTypeToolCallStart:
		one.ToolCallStart = it.ToolCallStart
	case ItemTypeToolCallResult:
		one.ToolCallResult = it.ToolCallResult
	}
	return &one
}

// sendable returns what keeps an item from being sent, an [ErrBadRequest].
func (it *Item) sendable() error {
	switch {
	case it.isEmpty():
		return fmt.Errorf("%w: the item has nothing of its type, %s", ErrBadRequest, it.Type)
	case it.Type == ItemTypeText && it.Text.Text == "":
		return fmt.Errorf("%w: the text is empty", ErrBadRequest)
	}
	return nil
}

// isEmpty reports whether the content that the type names is missing.
func (it *Item) isEmpty() bool {
	one := it.ofItsType()
	return one.Text == nil && one.Image == nil && one.Voice == nil && one.File == nil && one.Video == nil &&
		one.ToolCallStart == nil && one.ToolCallResult == nil
}
