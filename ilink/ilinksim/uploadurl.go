package ilinksim

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// media_type of getuploadurl.
const (
	uploadImage = 1
	uploadVideo = 2
	uploadFile  = 3
	uploadVoice = 4
)

// An upload is an announced upload: what getuploadurl was told.
type upload struct {
	bot       string
	filekey   string
	mediaType int
	thumb     bool
	key       []byte
	rawSize   int64
	rawMD5    string // hex, lower case
	size      int64  // of the ciphertext
}

// uploadRequest is the body of getuploadurl. Sizes are pointers: an empty
// file has rawsize 0.
type uploadRequest struct {
	FileKey       string `json:"filekey"`
	MediaType     int    `json:"media_type"`
	ToUserID      string `json:"to_user_id"`
	RawSize       *int64 `json:"rawsize"`
	RawMD5        string `json:"rawfilemd5"`
	FileSize      int64  `json:"filesize"`
	NoNeedThumb   bool   `json:"no_need_thumb"`
	ThumbRawSize  *size  `json:"thumb_rawsize"`
	ThumbRawMD5   string `json:"thumb_rawfilemd5"`
	ThumbFileSize size   `json:"thumb_filesize"`
	AESKey        string `json:"aeskey"`
}

// size is a number of bytes, for which some clients send "" where there is none.
type size int64

// UnmarshalJSON reads "" as 0.
func (n *size) UnmarshalJSON(b []byte) error {
	if string(b) == `""` {
		*n = 0
		return nil
	}
	return json.Unmarshal(b, (*int64)(n))
}

// wantsThumb tells whether the request announces a thumbnail too: with no_need_thumb, fields
// of 0 and "" count as left out.
func (r uploadRequest) wantsThumb() bool {
	given := r.ThumbRawSize != nil && (!r.NoNeedThumb || *r.ThumbRawSize != 0)
	return given || r.ThumbRawMD5 != "" || r.ThumbFileSize != 0
}

// problem is the errmsg for what is wrong with the request, and the ret.
func (r uploadRequest) problem() (ret int, errmsg string) {
	switch {
	case r.FileKey == "":
		return -2, "filekey required"
	case r.ToUserID == "":
		return -2, "to_user_id required"
	case r.RawSize == nil:
		return -2, "rawsize required"
	case r.RawMD5 == "":
		return -2, "rawfilemd5 required"
	case r.AESKey == "":
		return -2, "aeskey required"
	case !isHex16(r.FileKey), !isHex16(r.AESKey), r.MediaType < uploadImage, r.MediaType > uploadVoice:
		return -2, errInvalid
	case *r.RawSize > maxPlaintext:
		return -1, "" // "-1 is unexplained", protocol §5
	case !sizesAgree(*r.RawSize, r.RawMD5, r.FileSize):
		return -2, errInvalid
	}
	switch {
	case r.wantsThumb():
		if r.ThumbRawSize == nil || *r.ThumbRawSize > maxPlaintext ||
			!sizesAgree(int64(*r.ThumbRawSize), r.ThumbRawMD5, int64(r.ThumbFileSize)) {
			return -2, errInvalid
		}
	case !r.NoNeedThumb && (r.MediaType == uploadImage || r.MediaType == uploadVideo):
		return -2, "thumb_rawsize required"
	}
	return 0, ""
}

func sizesAgree(raw int64, md5 string, size int64) bool {
	return raw >= 0 && isHex16(md5) && size == paddedSize(raw)
}

// isHex16 tells whether s is 16 bytes in hex.
func isHex16(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 16
}

// getUploadURL is protocol §5 step 1. The answer has no ret; it gives the
// upload param, param and full URL, or the full URL alone, in turns.
func (s *Server) getUploadURL(c *call) reply {
	var req uploadRequest
	if json.Unmarshal(c.body, &req) != nil {
		return failure(-2, errInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ret, errmsg := req.problem(); ret != 0 {
		s.log.Debug("ilinksim refuses an upload", "ret", ret, "errmsg", errmsg)
		s.warn(fmt.Sprintf("getuploadurl: refused, ret %d %s", ret, errmsg))
		return failure(ret, errmsg)
	}
	key, _ := hex.DecodeString(req.AESKey) // problem has checked it
	up := upload{
		bot: c.bot.id, filekey: req.FileKey, mediaType: req.MediaType, key: key,
		rawSize: *req.RawSize, rawMD5: strings.ToLower(req.RawMD5), size: req.FileSize,
	}
	fields := map[string]any{}
	param := s.announce(up)
	// Now and then the older form.
	older := s.counts.uploadAnswers%3 == 2
	if s.has(OneUploadForm) {
		older = s.counts.uploadAnswers%2 == 0
	}
	s.counts.uploadAnswers++
	if s.CDNURL == "" {
		older = true
	}
	if older {
		fields["upload_param"] = param
	}
	if !s.has(OneUploadForm) {
		fields["filekey"], fields["taskid"] = up.filekey, randomHex(8)
	}
	if !older {
		fields["upload_full_url"] = s.CDNURL + "/upload?encrypted_query_param=" +
			url.QueryEscape(param) + "&filekey=" + url.QueryEscape(up.filekey)
	}
	if req.wantsThumb() && !req.NoNeedThumb {
		up.thumb = true
		up.rawSize, up.rawMD5, up.size = int64(*req.ThumbRawSize), strings.ToLower(req.ThumbRawMD5), int64(req.ThumbFileSize)
		fields["thumb_upload_param"] = s.announce(up)
	}
	return object(fields)
}

// announce remembers an upload and returns its upload param. mu must be held.
func (s *Server) announce(up upload) (param string) {
	param = "up+/" + randomBase64(24) + "&="
	s.uploads[param] = &up
	return param
}
