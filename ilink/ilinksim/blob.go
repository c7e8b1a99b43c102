package ilinksim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

const (
	// maxInMemory is the longest ciphertext that is kept in memory; longer
	// ones go to a temporary file.
	maxInMemory = 8 << 20
	// maxPlaintext is the longest media the server takes (protocol §5).
	maxPlaintext = 100 << 20
)

// A blob is something on the CDN.
type blob struct {
	data []byte // the ciphertext, or
	path string // the file that holds it
	size int64  // of the ciphertext
	key  []byte // nil: not encrypted

	bot       string
	uploaded  bool // by the bot; else sent by a user
	mediaType int  // as announced
	thumb     bool
	rawSize   int64
	rawMD5    string // hex, lower case
}

// open reads the ciphertext.
func (b *blob) open() (io.ReadCloser, error) {
	if b.path != "" {
		return os.Open(b.path)
	}
	return io.NopCloser(bytes.NewReader(b.data)), nil
}

func (b *blob) ciphertext() ([]byte, error) {
	r, err := b.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// writePlaintext decrypts to w.
func (b *blob) writePlaintext(w io.Writer) error {
	r, err := b.open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if b.key == nil {
		_, err = io.Copy(w, r)
		return err
	}
	d, err := newDecrypter(b.key, w)
	if err != nil {
		return err
	}
	if _, err := io.Copy(d, r); err != nil {
		return err
	}
	return d.finish()
}

func (b *blob) plaintext() ([]byte, error) {
	var out bytes.Buffer
	err := b.writePlaintext(&out)
	return out.Bytes(), err
}

// encrypt is AES-128-ECB with PKCS#7 padding (protocol §5).
func encrypt(key, plaintext []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	out := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(pad)}, pad)...)
	for i := 0; i < len(out); i += aes.BlockSize {
		block.Encrypt(out[i:i+aes.BlockSize], out[i:i+aes.BlockSize])
	}
	return out, nil
}

// A decrypter is written ciphertext and writes plaintext. It holds the last
// block back, since that one has the padding.
type decrypter struct {
	block cipher.Block
	out   io.Writer
	held  []byte
}

func newDecrypter(key []byte, out io.Writer) (*decrypter, error) {
	block, err := aes.NewCipher(key)
	return &decrypter{block: block, out: out}, err
}

func (d *decrypter) Write(p []byte) (int, error) {
	d.held = append(d.held, p...)
	ready := (len(d.held) - 1) / aes.BlockSize * aes.BlockSize
	if ready <= 0 {
		return len(p), nil
	}
	for i := 0; i < ready; i += aes.BlockSize {
		d.block.Decrypt(d.held[i:i+aes.BlockSize], d.held[i:i+aes.BlockSize])
	}
	if _, err := d.out.Write(d.held[:ready]); err != nil {
		return 0, err
	}
	d.held = append(d.held[:0], d.held[ready:]...)
	return len(p), nil
}

// finish checks the padding and writes what is left.
func (d *decrypter) finish() error {
	if len(d.held) != aes.BlockSize {
		return errors.New("ciphertext is no multiple of 16 bytes")
	}
	last := make([]byte, aes.BlockSize)
	d.block.Decrypt(last, d.held)
	pad := int(last[aes.BlockSize-1])
	if pad < 1 || pad > aes.BlockSize ||
		!bytes.Equal(last[aes.BlockSize-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return errors.New("padding is not PKCS#7 of the announced key")
	}
	_, err := d.out.Write(last[:aes.BlockSize-pad])
	return err
}

// paddedSize is the size of the ciphertext of n bytes.
func paddedSize(n int64) int64 { return (n/aes.BlockSize + 1) * aes.BlockSize }

// A summer counts and hashes what is written to it.
type summer struct {
	n   int64
	md5 hash.Hash
}

func newSummer() *summer { return &summer{md5: md5.New()} }

func (s *summer) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	return s.md5.Write(p)
}

func (s *summer) sum() string { return hex.EncodeToString(s.md5.Sum(nil)) }

// A spool is the directory for long ciphertexts, made when first needed.
type spool struct{ dir string }

// file makes a file in the spool.
func (sp *spool) file() (*os.File, error) {
	if sp.dir == "" {
		dir, err := os.MkdirTemp("", "ilinksim-")
		if err != nil {
			return nil, fmt.Errorf("can't spool: %w", err)
		}
		sp.dir = dir
	}
	return os.CreateTemp(sp.dir, "blob-")
}

func (sp *spool) remove() error {
	if sp.dir == "" {
		return nil
	}
	dir := sp.dir
	sp.dir = ""
	return os.RemoveAll(dir)
}
