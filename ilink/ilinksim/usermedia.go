package ilinksim

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"time"
)

// The functions below build the <kind>_item of a user's media. Keys and URLs
// take the forms the real server uses in turns (protocol §5, "Download"). mu
// must be held.

// playLength is how long users' videos are said to be.
const playLength = 3 * time.Second

func (s *Server) inboundImage(b *bot, _ In, file *Blob) (map[string]any, error) {
	stored, param, err := s.userBlob(b.id, file)
	if err != nil {
		return nil, err
	}
	n := s.counts.imagesIn
	body := map[string]any{"mid_size": stored.size, "hd_size": stored.size}
	if file.Plain {
		media := s.reference(param, !s.has(KeyForms) || n%2 == 1)
		delete(media, "encrypt_type")
		body["media"] = media
		return body, nil
	}
	s.counts.imagesIn++
	if !s.has(KeyForms) {
		media := s.reference(param, true)
		body["media"], body["aeskey"], media["aes_key"] = media, hex.EncodeToString(stored.key), hexKey(stored.key)
		return body, nil
	}
	media := s.reference(param, n/3%2 == 1)
	body["media"] = media
	switch n % 3 {
	case 0:
		body["aeskey"] = hex.EncodeToString(stored.key)
	case 1:
		media["aes_key"] = rawKey(stored.key)
	default:
		media["aes_key"] = hexKey(stored.key)
	}
	return body, nil
}

func (s *Server) inboundFile(b *bot, _ In, file *Blob) (map[string]any, error) {
	stored, media, err := s.keyedMedia(b, file)
	if err != nil {
		return nil, err
	}
	name := file.Name
	if name == "" {
		name = "file.bin"
	}
	return map[string]any{
		"media": media, "file_name": name, "md5": stored.rawMD5,
		"len": strconv.FormatInt(stored.rawSize, 10),
	}, nil
}

func (s *Server) inboundVideo(b *bot, _ In, file *Blob) (map[string]any, error) {
	stored, media, err := s.keyedMedia(b, file)
	if err != nil {
		return nil, err
	}
	length := playLength.Milliseconds()
	if s.has(PlaySeconds) {
		length = int64(playLength.Seconds())
	}
	return map[string]any{
		"media": media, "video_size": stored.size, "video_md5": stored.rawMD5, "play_length": length,
	}, nil
}

// inboundVoice is SILK, under the enum 6 or, as is seen too, as encode_type 4
// with 16 kHz.
func (s *Server) inboundVoice(b *bot, in In, file *Blob) (map[string]any, error) {
	_, media, err := s.keyedMedia(b, file)
	if err != nil {
		return nil, err
	}
	n := s.counts.voicesIn
	s.counts.voicesIn++
	body := map[string]any{
		"media": media, "encode_type": 6, "sample_rate": 24000, "bits_per_sample": 16, "playtime": 2000,
	}
	if n%2 == 1 {
		body["encode_type"], body["sample_rate"] = 4, 16000
	}
	if in.Transcript != "" {
		body["text"] = in.Transcript
	}
	return body, nil
}

// keyedMedia stores a file, video or voice and makes the reference to it.
func (s *Server) keyedMedia(b *bot, file *Blob) (*blob, map[string]any, error) {
	if file.Plain {
		return nil, nil, errors.New("only images can be plain")
	}
	stored, param, err := s.userBlob(b.id, file)
	if err != nil {
		return nil, nil, err
	}
	n := s.counts.mediaIn
	s.counts.mediaIn++
	media := s.reference(param, !s.has(KeyForms) || n/2%2 == 1)
	media["aes_key"] = hexKey(stored.key)
	if s.has(KeyForms) && n%2 == 1 {
		media["aes_key"] = rawKey(stored.key)
	}
	return stored, media, nil
}

func (s *Server) reference(param string, full bool) map[string]any {
	media := map[string]any{"encrypt_query_param": param, "encrypt_type": 1}
	if u := s.downloadURL(param); full && u != "" {
		media["full_url"] = u
	}
	return media
}

// rawKey is base64 of the key, hexKey base64 of its hex string.
func rawKey(key []byte) string { return base64.StdEncoding.EncodeToString(key) }
func hexKey(key []byte) string {
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(key)))
}
