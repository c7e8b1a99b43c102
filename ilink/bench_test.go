package ilink

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func benchmarkStream(b *testing.B, open func(io.Reader, []byte) (io.Reader, error)) {
	const size = 8 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		r, err := open(io.NewSectionReader(zeros{}, 0, size), testKey[:])
		if err != nil {
			b.Fatal(err)
		}
		// Zeros have no padding: the last block of a decryption fails, all others count.
		if n, _ := io.Copy(io.Discard, r); n < size-32<<10 {
			b.Fatal(n)
		}
	}
}

func BenchmarkEncrypt(b *testing.B) { benchmarkStream(b, newEncrypter) }

func BenchmarkDecrypt(b *testing.B) { benchmarkStream(b, newDecrypter) }

func BenchmarkMessageDecode(b *testing.B) {
	data := []byte(wholeMessage)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var m Message
		if err := json.Unmarshal(data, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSplitText(b *testing.B) {
	for name, unit := range map[string]string{
		"chinese": "第一句话说完了，然后还有一句。", "english": "Some words make a sentence here. ", "emoji": "👨‍👩‍👧‍👦", "flags": "🇩🇪",
	} {
		text := strings.Repeat(unit, 100_000/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if len(SplitText(text, 0)) == 0 {
					b.Fatal("no parts")
				}
			}
		})
	}
}

func BenchmarkRedactor(b *testing.B) {
	red := newRedactor("bot-token-1234567890", "context-token-1234567890")
	text := strings.Repeat(`{"context_token":"context-token-1234567890","a":"b"} `, 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		red.text(text)
	}
}
