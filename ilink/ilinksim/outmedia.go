package ilinksim

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// SentMedia is what a user would see of a media item.
type SentMedia struct {
	Kind   string `json:"kind"` // "image", "voice", "file", "video"
	Name   string `json:"name,omitempty"`
	Size   int64  `json:"size"`             // of the plaintext, in bytes
	MD5    string `json:"md5,omitempty"`    // of the plaintext, hex
	Grey   bool   `json:"grey"`             // shows as a grey box, or not at all
	Reason string `json:"reason,omitempty"` // why it is grey
	URL    string `json:"url,omitempty"`    // path that serves the plaintext, "/sim/media/1"
}

// A delivered is an upload that an accepted send refers to.
type delivered struct {
	name string
	blob *blob
}

// mediaFields are the fields of all media items together.
type mediaFields struct {
	Media struct {
		Param       string `json:"encrypt_query_param"`
		Key         string `json:"aes_key"`
		EncryptType int    `json:"encrypt_type"`
	} `json:"media"`
	MidSize   json.Number     `json:"mid_size"`
	VideoSize json.Number     `json:"video_size"`
	FileName  string          `json:"file_name"`
	Len       json.RawMessage `json:"len"`
}

// inspectMedia looks at an accepted media item as a phone would (protocol §5,
// step 4). mu must be held.
func (s *Server) inspectMedia(b *bot, item outboundItem) SentMedia {
	m := SentMedia{Kind: strings.TrimSuffix(itemKey(item.kind), "_item")}
	grey := func(format string, args ...any) {
		if !m.Grey {
			m.Grey, m.Reason = true, fmt.Sprintf(format, args...)
		}
	}
	var f mediaFields
	raw, err := json.Marshal(item.body)
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		grey("a field has the wrong type: %v", err)
		return m
	}
	m.Name = f.FileName
	up := s.blobs[f.Media.Param]
	if up == nil || up.bot != b.id || !up.uploaded {
		grey("encrypt_query_param is of nothing that this bot uploaded")
		return m
	}
	m.Size, m.MD5 = up.rawSize, up.rawMD5
	s.media = append(s.media, &delivered{name: f.FileName, blob: up})
	m.URL = "/sim/media/" + strconv.Itoa(len(s.media))

	if problem := keyProblem(f.Media.Key, up.key); problem != "" {
		grey("%s", problem)
	}
	if up.thumb {
		grey("the media is the thumbnail's upload")
	}
	if want := uploadType(item.kind); up.mediaType != want {
		grey("uploaded with media_type %d, sent as %s, which is %d", up.mediaType, m.Kind, want)
	}
	switch item.kind {
	case itemImage:
		if f.MidSize.String() != strconv.FormatInt(up.size, 10) {
			grey("mid_size is %q, the ciphertext has %d bytes", f.MidSize, up.size)
		}
	case itemVideo:
		if f.VideoSize.String() != strconv.FormatInt(up.size, 10) {
			grey("video_size is %q, the ciphertext has %d bytes", f.VideoSize, up.size)
		}
	case itemFile:
		if want := strconv.Quote(strconv.FormatInt(up.rawSize, 10)); string(f.Len) != want {
			grey("len is %s, must be the string %s", f.Len, want)
		}
		if f.FileName == "" {
			grey("file_name is missing")
		}
	}
	if f.Media.EncryptType != 1 {
		s.warn("sendmessage: media.encrypt_type isn't 1, which Tencent's client always sends")
	}
	return m
}

// keyProblem tells what is wrong with an outbound aes_key: it must be the
// base64 of the key's 32 hex characters.
func keyProblem(encoded string, key []byte) string {
	text, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case encoded == "":
		return "aes_key is missing"
	case err != nil:
		return "aes_key is no base64"
	case len(text) == len(key):
		return "aes_key is base64 of the raw 16 bytes; phones want base64 of the hex string"
	case strings.ToLower(string(text)) != hex.EncodeToString(key):
		return "aes_key isn't the key that getuploadurl announced"
	}
	return ""
}

// uploadType is the media_type of getuploadurl that goes with an item type.
func uploadType(kind int) int {
	switch kind {
	case itemImage:
		return uploadImage
	case itemVideo:
		return uploadVideo
	case itemVoice:
		return uploadVoice
	}
	return uploadFile
}

// Media is the plaintext of the media in an accepted send, by its
// SentMedia.URL or the number at its end.
func (s *Server) Media(url string) (name string, data []byte, ok bool) {
	s.mu.Lock()
	d := s.deliveredMedia(url)
	s.mu.Unlock()
	if d == nil {
		return "", nil, false
	}
	data, err := d.blob.plaintext()
	return d.name, data, err == nil
}

// deliveredMedia finds what Media and /sim/media/{id} serve. mu must be held.
func (s *Server) deliveredMedia(url string) *delivered {
	id, err := strconv.Atoi(strings.TrimPrefix(url, "/sim/media/"))
	if err != nil || id < 1 || id > len(s.media) {
		return nil
	}
	return s.media[id-1]
}
