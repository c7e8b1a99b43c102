package luabind

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafeFileName(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt": "a.txt", "..": "file", ".": "file", "/": "file", "": "file", "../../evil.txt": "evil.txt", `C:\temp\x.doc`: "x.doc",
		"x\x00y.txt": "xy.txt", ".hidden": "hidden", "a\u202etxt.exe": "atxt.exe", "line\nbreak.txt": "linebreak.txt", "trailing. . ": "trailing",
		"文件_名.pdf": "文件_名.pdf", "\xff\xfe": "file", "👨\u200d👩.png": "👨\u200d👩.png",
	} {
		if got := SafeFileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	long := SafeFileName(strings.Repeat("长", 100) + ".pdf")
	if len(long) > maxFileName || !utf8.ValidString(long) || !strings.HasSuffix(long, "长.pdf") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
	taken := map[string]bool{"r.txt": true, "r (2).txt": true}
	if got := FreeFileName("r.txt", func(n string) bool { return taken[n] }); got != "r (3).txt" {
		t.Error(got)
	}
}
