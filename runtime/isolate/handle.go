package isolate

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"

	"github.com/ilinkd/ilinkd/luabind"
)

// sealer makes handles of files: the child sees none of their paths, and can't name a
// file that it wasn't given. A handle is the path, encrypted and authenticated with
// a key that only the parent has; so there is no table of them that grows.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

// seal returns the file as the child sees it; nil stays nil.
func (s *sealer) seal(f *luabind.File) *luabind.File {
	if f == nil {
		return nil
	}
	sealed := *f
	sealed.Reader = nil
	sealed.Path = base64.RawStdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(f.Path), nil))
	return &sealed
}

var errHandle error = &luabind.HostError{Kind: "not_found", Message: "there is no such file any more"}

// open returns the file that the child means.
func (s *sealer) open(f *luabind.File) (*luabind.File, error) {
	if f == nil {
		return nil, nil
	}
	sealed, err := base64.RawStdEncoding.DecodeString(f.Path)
	if err != nil {
		return nil, errHandle
	}
	path, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errHandle
	}
	opened := *f
	opened.Path = string(path)
	return &opened, nil
}
