package luabind

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFileName is how long a file's name may be, in bytes: file systems take 255, and
// a file that is being written has a few more.
const maxFileName = 240

// SafeFileName makes of a name that a user's file came with one that a file can have:
// the last part of a path, without control and invisible characters, not hidden, not
// too long, with its extension. A name of which nothing is left is "file".
func SafeFileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\u200d' {
			return -1
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimLeft(name, ". "), ". ")
	if name == "" {
		return "file"
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for most := maxFileName - len(ext); len(stem) > most; {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return stem + ext
}

// FreeFileName returns a name, or with a number as in "r (2).txt", the first that isn't
// taken.
func FreeFileName(name string, taken func(name string) bool) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
	return name
}
