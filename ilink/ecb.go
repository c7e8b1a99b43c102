package ilink

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// The CDN's files are AES-128 in ECB mode with PKCS#7 padding (protocol §5). The
// standard library has no ECB, for good reasons; it is a loop over blocks.

const (
	blockSize = aes.BlockSize
	// chunkSize is what is encrypted or decrypted at a time.
	chunkSize = 32 << 10
)

// encryptedSize is the size of the ciphertext of n bytes: padding adds 1 to 16.
func encryptedSize(n int64) int64 { return (n/blockSize + 1) * blockSize }

// parseKey reads a key as the wire has it: base64 of 16 raw bytes, or of their
// 32 hex digits; base64 with or without padding, in either alphabet.
func parseKey(text string) ([]byte, error) {
	for _, enc := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		b, err := enc.DecodeString(text)
		if err != nil {
			continue
		}
		switch len(b) {
		case 16:
			return b, nil
		case 32:
			if key, err := hex.DecodeString(string(b)); err == nil {
				return key, nil
			}
		}
	}
	// ImageItem.AESKey is plain hex, which is also what a hurried caller passes.
	if key, err := hex.DecodeString(text); err == nil && len(key) == 16 {
		return key, nil
	}
	return nil, fmt.Errorf("%w: the key is neither 16 bytes nor 32 hex digits in base64 (%d characters)", ErrMedia, len(text))
}

// base64OfHex is the one form of a key that phones understand (protocol §5).
func base64OfHex(key []byte) string {
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(key)))
}

// keyForms are the ways in which a key may be written.
func keyForms(key []byte) []string {
	return []string{hex.EncodeToString(key), base64.StdEncoding.EncodeToString(key), base64OfHex(key)}
}

// base64OfHexKey is base64OfHex for a key that is hex already. What isn't hex
// is left as it is, for parseKey to complain of.
func base64OfHexKey(hexKey string) string {
	key, err := hex.DecodeString(hexKey)
	if err != nil || len(key) != 16 {
		return hexKey
	}
	return base64OfHex(key)
}

// newEncrypter returns a reader of the ciphertext of what src has.
func newEncrypter(src io.Reader, key []byte) (io.Reader, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMedia, err)
	}
	return &encrypter{src: src, block: block, buf: make([]byte, chunkSize+blockSize)}, nil
}

type encrypter struct {
	src   io.Reader
	block cipher.Block
	buf   []byte
	ready []byte // ciphertext not yet read
	err   error  // what follows ready
}

func (e *encrypter) Read(p []byte) (int, error) {
	if len(e.ready) == 0 && e.err == nil {
		e.fill()
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	if n == 0 && len(e.ready) == 0 {
		return 0, e.err
	}
	return n, nil
}

func (e *encrypter) fill() {
	n, err := io.ReadFull(e.src, e.buf[:chunkSize])
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		pad := blockSize - n%blockSize
		for i := range pad {
			e.buf[n+i] = byte(pad)
		}
		n += pad
		e.err = io.EOF
	default:
		e.err = err
		return
	}
	e.ready = e.buf[:n]
	for i := 0; i < n; i += blockSize {
		e.block.Encrypt(e.ready[i:], e.ready[i:])
	}
}

// newDecrypter returns a reader of the plaintext of what src has. Ciphertext
// that isn't whole blocks or ends in a wrong padding is an [ErrMedia], when the
// end is reached.
func newDecrypter(src io.Reader, key []byte) (io.Reader, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMedia, err)
	}
	return &decrypter{src: src, block: block, buf: make([]byte, chunkSize+blockSize)}, nil
}

// decrypter always holds the last block back: only at the end is it known to be
// the one with the padding.
type decrypter struct {
	src   io.Reader
	block cipher.Block
	buf   []byte
	held  int // bytes of a decrypted block at the start of buf, 0 or blockSize
	ready []byte
	err   error
}

func (d *decrypter) Read(p []byte) (int, error) {
	for len(d.ready) == 0 && d.err == nil {
		d.fill()
	}
	n := copy(p, d.ready)
	d.ready = d.ready[n:]
	if n == 0 && len(d.ready) == 0 {
		return 0, d.err
	}
	return n, nil
}

func (d *decrypter) fill() {
	if d.held > 0 {
		// The held block is the last one of the previous chunk.
		copy(d.buf, d.buf[chunkSize:chunkSize+blockSize])
	}
	n, err := io.ReadFull(d.src, d.buf[d.held:d.held+chunkSize])
	end := d.held + n
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !last {
		d.err = err
		return
	}
	if n%blockSize != 0 {
		d.err = fmt.Errorf("%w: the ciphertext is not a whole number of 16-byte blocks", ErrMedia)
		return
	}
	for i := d.held; i < end; i += blockSize {
		d.block.Decrypt(d.buf[i:], d.buf[i:])
	}
	if last {
		plain, err := unpad(d.buf[:end])
		d.ready, d.err = plain, io.EOF
		if err != nil {
			d.ready, d.err = nil, err
		}
		return
	}
	if d.held == 0 {
		// First chunk: chunkSize bytes, of which the last block is held. Move all
		// up by a block so that it lies where the next fill expects it.
		copy(d.buf[blockSize:], d.buf[:chunkSize])
		d.ready = d.buf[blockSize:chunkSize]
		d.held = blockSize
		return
	}
	d.ready = d.buf[:chunkSize]
}

func unpad(plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, fmt.Errorf("%w: the ciphertext is empty", ErrMedia)
	}
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > blockSize || pad > len(plain) {
		return nil, fmt.Errorf("%w: wrong padding, so probably the wrong key", ErrMedia)
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, fmt.Errorf("%w: wrong padding, so probably the wrong key", ErrMedia)
		}
	}
	return plain[:len(plain)-pad], nil
}
