package ilink

import (
	"bytes"
	"crypto/aes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// mediaSizes are where the arithmetic of blocks and chunks has its edges.
func mediaSizes() []int {
	return []int{
		0, 1, 15, 16, 17, 31, 32, 33, chunkSize - 17, chunkSize - 16, chunkSize - 15, chunkSize - 1, chunkSize, chunkSize + 1,
		chunkSize + 15, chunkSize + 16, chunkSize + 17, 2*chunkSize - 17, 2*chunkSize - 16, 2*chunkSize - 1, 2 * chunkSize, 2*chunkSize + 1,
		1 << 20,
	}
}

func someBytes(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(uint64(n), 7))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var testKey = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// plainEncrypt and plainDecrypt are the same as the streams, all at once.
func plainEncrypt(key, data []byte) []byte {
	block, _ := aes.NewCipher(key)
	pad := 16 - len(data)%16
	out := append(bytes.Clone(data), bytes.Repeat([]byte{byte(pad)}, pad)...)
	for i := 0; i < len(out); i += 16 {
		block.Encrypt(out[i:i+16], out[i:i+16])
	}
	return out
}

func plainDecrypt(key, data []byte) ([]byte, bool) {
	if len(data) == 0 || len(data)%16 != 0 {
		return nil, false
	}
	block, _ := aes.NewCipher(key)
	out := make([]byte, len(data))
	for i := 0; i < len(data); i += 16 {
		block.Decrypt(out[i:i+16], data[i:i+16])
	}
	pad := int(out[len(out)-1])
	if pad < 1 || pad > 16 || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, false
	}
	return out[:len(out)-pad], true
}

func encryptAll(t testing.TB, src io.Reader, key []byte) ([]byte, error) {
	t.Helper()
	r, err := newEncrypter(src, key)
	if err != nil {
		t.Fatal(err)
	}
	return io.ReadAll(r)
}

func decryptAll(t testing.TB, src io.Reader, key []byte) ([]byte, error) {
	t.Helper()
	r, err := newDecrypter(src, key)
	if err != nil {
		t.Fatal(err)
	}
	return io.ReadAll(r)
}

func TestEncryptAndDecryptStreams(t *testing.T) {
	for _, n := range mediaSizes() {
		data := someBytes(n)
		want := plainEncrypt(testKey[:], data)
		if int64(len(want)) != encryptedSize(int64(n)) {
			t.Errorf("%d bytes: encryptedSize %d, is %d", n, encryptedSize(int64(n)), len(want))
		}
		// However the source gives its bytes.
		sources := map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "half": iotest.HalfReader, "end with the data": iotest.DataErrReader,
		}
		if n < 1000 {
			sources["byte by byte"] = iotest.OneByteReader
		}
		for name, as := range sources {
			got, err := encryptAll(t, as(bytes.NewReader(data)), testKey[:])
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes, %s: encrypted wrongly, %v", n, name, err)
			}
			back, err := decryptAll(t, as(bytes.NewReader(got)), testKey[:])
			if err != nil || !bytes.Equal(back, data) {
				t.Fatalf("%d bytes, %s: decrypted wrongly, %v", n, name, err)
			}
		}
		if n > 2*chunkSize+1 {
			continue // iotest reads byte by byte
		}
		enc, _ := newEncrypter(bytes.NewReader(data), testKey[:])
		if err := iotest.TestReader(enc, want); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		dec, _ := newDecrypter(bytes.NewReader(want), testKey[:])
		if err := iotest.TestReader(dec, data); err != nil && n > 0 {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestDecryptGarbage(t *testing.T) {
	good := plainEncrypt(testKey[:], someBytes(2*chunkSize+5))
	wrongKey := testKey
	wrongKey[0] ^= 1
	padded := func(pad ...byte) []byte { // a last block of our choosing
		block, _ := aes.NewCipher(testKey[:])
		out := make([]byte, 16)
		copy(out[16-len(pad):], pad)
		block.Encrypt(out, out)
		return out
	}
	for name, tc := range map[string]struct {
		data []byte
		key  []byte
	}{
		"empty": {nil, testKey[:]}, "one byte": {good[:1], testKey[:]}, "15": {good[:15], testKey[:]}, "17": {good[:17], testKey[:]},
		"truncated at a block":   {good[:len(good)-16], testKey[:]},
		"truncated in a block":   {good[:len(good)-1], testKey[:]},
		"truncated at a chunk":   {good[:chunkSize], testKey[:]},
		"truncated past a chunk": {good[:chunkSize+1], testKey[:]},
		"wrong key":              {good, wrongKey[:]},
		"padding 0":              {padded(0), testKey[:]}, "padding 17": {padded(17), testKey[:]}, "padding 255": {padded(255), testKey[:]},
		"mixed padding": {padded(2, 3, 3), testKey[:]},
		"garbage":       {someBytes(4096), testKey[:]},
	} {
		if _, err := decryptAll(t, bytes.NewReader(tc.data), tc.key); !errors.Is(err, ErrMedia) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := DecryptMedia(&CDNMedia{AESKey: base64OfHex(tc.key)}, tc.data); !errors.Is(err, ErrMedia) {
			t.Errorf("%s, DecryptMedia: %v", name, err)
		}
	}
}

// A rest that isn't a block must not be taken for padding by chance.
func TestDecryptNeverGuesses(t *testing.T) {
	block := plainEncrypt(testKey[:], []byte("0123456789abcdef"))[:16]
	for i := range 512 {
		data := append(bytes.Clone(block), byte(i), byte(i>>8))
		if plain, err := decryptAll(t, bytes.NewReader(data), testKey[:]); !errors.Is(err, ErrMedia) {
			t.Fatalf("%x: %q, %v", data, plain, err)
		}
	}
}

func TestStreamsPassErrorsOn(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, n := range []int{0, 1, 16, chunkSize, chunkSize + 5} {
		src := func() io.Reader { return io.MultiReader(bytes.NewReader(make([]byte, n)), errorReader{broken}) }
		if _, err := encryptAll(t, src(), testKey[:]); !errors.Is(err, broken) {
			t.Errorf("encrypt, after %d: %v", n, err)
		}
		if _, err := decryptAll(t, src(), testKey[:]); !errors.Is(err, broken) {
			t.Errorf("decrypt, after %d: %v", n, err)
		}
	}
	// An error stays one.
	r, _ := newDecrypter(strings.NewReader("x"), testKey[:])
	for range 2 {
		if n, err := r.Read(make([]byte, 10)); n != 0 || !errors.Is(err, ErrMedia) {
			t.Errorf("%d, %v", n, err)
		}
	}
	if _, err := newEncrypter(nil, []byte("short")); !errors.Is(err, ErrMedia) {
		t.Errorf("short key: %v", err)
	}
	if _, err := newDecrypter(nil, []byte("short")); !errors.Is(err, ErrMedia) {
		t.Errorf("short key: %v", err)
	}
}

func TestParseKey(t *testing.T) {
	// Bytes of which the two alphabets of base64 differ.
	key := []byte{0xfb, 0xff, 0xbf, 0xfe, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xff}
	hexKey := fmt.Sprintf("%x", key)
	for name, text := range map[string]string{
		"raw":                    base64.StdEncoding.EncodeToString(key),
		"raw, no padding":        base64.RawStdEncoding.EncodeToString(key),
		"raw, URL":               base64.URLEncoding.EncodeToString(key),
		"raw, URL, no padding":   base64.RawURLEncoding.EncodeToString(key),
		"hex":                    base64.StdEncoding.EncodeToString([]byte(hexKey)),
		"capital hex":            base64.StdEncoding.EncodeToString([]byte(strings.ToUpper(hexKey))),
		"hex, no padding":        base64.RawStdEncoding.EncodeToString([]byte(hexKey)),
		"plain hex":              hexKey,
		"plain hex in capitals":  strings.ToUpper(hexKey),
		"what we send ourselves": base64OfHex(key),
	} {
		if got, err := parseKey(text); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	if len(base64OfHex(key)) != 44 {
		t.Errorf("%d characters, the protocol says 44", len(base64OfHex(key)))
	}
	for _, bad := range []string{
		"", "x", "====", base64.StdEncoding.EncodeToString(key[:15]), base64.StdEncoding.EncodeToString(append(key, 1)),
		base64.StdEncoding.EncodeToString([]byte(hexKey[:31])), base64.StdEncoding.EncodeToString([]byte(hexKey[:31] + "g")), hexKey[:30],
		"钥匙", strings.Repeat("A", 1<<20),
	} {
		if got, err := parseKey(bad); !errors.Is(err, ErrMedia) {
			t.Errorf("%.50q: %x, %v", bad, got, err)
		} else if len(bad) > 10 && strings.Contains(err.Error(), bad[:10]) {
			t.Errorf("the key is in the error: %v", err)
		}
	}
}

func TestDecryptMediaArguments(t *testing.T) {
	if _, err := DecryptMedia(nil, []byte("x")); !errors.Is(err, ErrMedia) {
		t.Errorf("nil: %v", err)
	}
	if _, err := DecryptMedia(&CDNMedia{AESKey: "bad"}, []byte("x")); !errors.Is(err, ErrMedia) {
		t.Errorf("bad key: %v", err)
	}
	if got, err := DecryptMedia(&CDNMedia{}, []byte("x")); !errors.Is(err, ErrMedia) || !strings.Contains(err.Error(), "no key") {
		t.Errorf("no key: %q, %v", got, err)
	}
	// An image without a key: the bytes are plain. What is returned is the caller's own.
	in := []byte("plain")
	got, err := DecryptMedia(&CDNMedia{image: true}, in)
	if err != nil || string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	got[0] = 'X'
	if string(in) != "plain" {
		t.Error("the input was changed")
	}
	cipher := plainEncrypt(testKey[:], []byte("你好"))
	before := bytes.Clone(cipher)
	if got, err := DecryptMedia(&CDNMedia{AESKey: base64OfHex(testKey[:])}, cipher); err != nil || string(got) != "你好" || !bytes.Equal(cipher, before) {
		t.Errorf("%q, %v", got, err)
	}
}
