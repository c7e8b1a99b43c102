package ilinksim

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png" // what users send
	"io"
	"net/http"
	"net/url"
	"os"
)

// cdnRoutes adds the CDN (protocol §5). What isn't one of these two calls,
// PUT above all, is a 404 there.
func (s *Server) cdnRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /c2c/upload", func(w http.ResponseWriter, r *http.Request) {
		c := &call{endpoint: "cdn_upload", r: r}
		s.mu.Lock()
		if up := s.uploads[r.URL.Query().Get("encrypted_query_param")]; up != nil {
			c.bot = s.findBot(up.bot)
		}
		s.mu.Unlock()
		s.answer(w, c, func() reply { return s.cdnUpload(w, r) })
	})
	mux.HandleFunc("GET /c2c/download", func(w http.ResponseWriter, r *http.Request) {
		c := &call{endpoint: "cdn_download", r: r}
		s.mu.Lock()
		b := s.blobs[r.URL.Query().Get("encrypted_query_param")]
		if b != nil {
			c.bot = s.findBot(b.bot)
		}
		s.mu.Unlock()
		s.answer(w, c, func() reply {
			if q := r.URL.Query(); s.has(FullURLOnly) && !q.Has(fullURLMark) {
				return cdnError(http.StatusInternalServerError, "built from the parameter alone")
			}
			return s.cdnDownload(b)
		})
	})
	mux.HandleFunc("/c2c/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.warn("cdn: " + r.Method + " is a 404; uploads are POST, downloads GET")
		s.mu.Unlock()
		drain(r)
		_ = cdnError(http.StatusNotFound, "not found").write(w)
	})
}

func cdnError(status int, message string) reply {
	return reply{status: status, header: map[string]string{"x-error-message": message}}
}

// cdnUpload takes the ciphertext of an announced upload. Everything that was
// announced is checked: sizes, key, padding and md5.
func (s *Server) cdnUpload(w http.ResponseWriter, r *http.Request) reply {
	q := r.URL.Query()
	s.mu.Lock()
	up := s.uploads[q.Get("encrypted_query_param")]
	s.mu.Unlock()
	switch {
	case up == nil:
		return cdnError(http.StatusBadRequest, "encrypted_query_param is unknown")
	case q.Get("filekey") != up.filekey:
		return cdnError(http.StatusBadRequest, "filekey mismatch")
	case r.Header.Get("Content-Type") != "application/octet-stream":
		return cdnError(http.StatusBadRequest, "content-type must be application/octet-stream")
	case r.ContentLength != up.size:
		return cdnError(http.StatusBadRequest,
			fmt.Sprintf("content-length %d, announced filesize %d", r.ContentLength, up.size))
	}
	b, err := s.receive(up, http.MaxBytesReader(w, r.Body, up.size))
	if err != nil {
		return cdnError(http.StatusBadRequest, err.Error())
	}
	param := s.store(b)
	s.mu.Lock()
	s.counts.uploaded++
	s.touch()
	s.mu.Unlock()
	return reply{header: map[string]string{"x-encrypted-param": param}}
}

// receive reads and checks the ciphertext of an upload.
func (s *Server) receive(up *upload, body io.Reader) (*blob, error) {
	b := &blob{
		size: up.size, key: up.key, bot: up.bot, uploaded: true,
		mediaType: up.mediaType, thumb: up.thumb,
	}
	var memory bytes.Buffer
	var keep io.Writer = &memory
	if up.size > maxInMemory {
		s.mu.Lock()
		f, err := s.spool.file()
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		b.path, keep = f.Name(), f
	}
	sum := newSummer()
	err := checkCiphertext(up, io.TeeReader(body, keep), sum)
	if err != nil {
		if b.path != "" {
			_ = os.Remove(b.path)
		}
		return nil, err
	}
	b.data, b.rawSize, b.rawMD5 = memory.Bytes(), sum.n, sum.sum()
	return b, nil
}

// checkCiphertext decrypts body into sum and compares with what was announced.
func checkCiphertext(up *upload, body io.Reader, sum *summer) error {
	d, err := newDecrypter(up.key, sum)
	if err != nil {
		return err
	}
	n, err := io.Copy(d, body)
	switch {
	case err != nil:
		return err
	case n != up.size:
		return fmt.Errorf("got %d bytes of %d", n, up.size)
	}
	if err := d.finish(); err != nil {
		return err
	}
	if sum.n != up.rawSize {
		return fmt.Errorf("plaintext has %d bytes, announced rawsize %d", sum.n, up.rawSize)
	}
	if got := sum.sum(); got != up.rawMD5 {
		return fmt.Errorf("plaintext has md5 %s, announced rawfilemd5 %s", got, up.rawMD5)
	}
	return nil
}

// store puts a blob on the CDN and returns its encrypt_query_param.
func (s *Server) store(b *blob) (param string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.storeLocked(b)
}

// storeLocked is store with mu held. The param has characters that must be
// escaped in a URL, as the real one has.
func (s *Server) storeLocked(b *blob) (param string) {
	param = "enc+/" + randomBase64(33) + "="
	s.blobs[param] = b
	return param
}

// cdnDownload serves a blob's ciphertext.
func (s *Server) cdnDownload(b *blob) reply {
	if b == nil {
		return cdnError(http.StatusNotFound, "encrypted_query_param is unknown")
	}
	s.mu.Lock()
	s.counts.downloads++
	s.mu.Unlock()
	return reply{
		contentType: "application/octet-stream",
		size:        b.size,
		stream: func(w io.Writer) error {
			r, err := b.open()
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			_, err = io.Copy(w, r)
			return err
		},
	}
}

// downloadURL is the full_url of a blob, "" while the simulator has no URL.
func (s *Server) downloadURL(param string) string {
	if s.CDNURL == "" {
		return ""
	}
	return s.CDNURL + "/download?encrypted_query_param=" + url.QueryEscape(param) + "&" + fullURLMark + "=1"
}

// fullURLMark tells the addresses that the server gives from those that clients build.
const fullURLMark = "taskid"

// Blob is the ciphertext stored under an encrypt_query_param, whoever put it
// there; not ok if there is none.
func (s *Server) Blob(param string) (ciphertext []byte, ok bool) {
	s.mu.Lock()
	b := s.blobs[param]
	s.mu.Unlock()
	if b == nil {
		return nil, false
	}
	data, err := b.ciphertext()
	return data, err == nil
}

// userBlob encrypts a user's file and puts it on the CDN. mu must be held.
func (s *Server) userBlob(bot string, file *Blob) (*blob, string, error) {
	if len(file.Data) > maxPlaintext {
		return nil, "", fmt.Errorf("the file has %d bytes; the most is %d", len(file.Data), maxPlaintext)
	}
	content := file.Data
	if s.has(Recompress) {
		content = recompressed(content)
	}
	sum := md5.Sum(content)
	b := &blob{
		data: bytes.Clone(content), size: int64(len(content)), bot: bot,
		rawSize: int64(len(content)), rawMD5: hex.EncodeToString(sum[:]),
	}
	if !file.Plain {
		b.key = random(16)
		with := b.key
		if s.has(ReusedCipher) {
			with = s.cipherKey(sum, b.key)
		}
		data, err := encrypt(with, content)
		if err != nil {
			return nil, "", err
		}
		b.data, b.size = data, int64(len(data))
	}
	return b, s.storeLocked(b), nil
}

// cipherKey is the key that a content was encrypted with when it came first.
func (s *Server) cipherKey(sum [md5.Size]byte, key []byte) []byte {
	if s.ciphers == nil {
		s.ciphers = map[[md5.Size]byte][]byte{}
	}
	if first, ok := s.ciphers[sum]; ok {
		return first
	}
	s.ciphers[sum] = key
	return key
}

// recompressed is an image as the server delivers it: smaller, as JPEG. What is no
// image stays as it is.
func recompressed(data []byte) []byte {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return data
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}) != nil {
		return data
	}
	return b.Bytes()
}
