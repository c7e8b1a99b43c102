package files

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ilinkd/ilinkd/luabind"
)

// fileBlock is what a file or folder takes at least, so that there can't be any number
// of empty ones.
const fileBlock = 4 << 10

// quota keeps a script from filling the disk. What is in the places that it may
// write is measured first, and then counted; what was removed is seen when it is
// measured again. Files.mu guards it.
type quota struct {
	most     int64
	held     int64
	measured bool
}

// fit makes sure that there is room for a file that grows, from a size of before to
// one of after, and counts it. A file that is new has -1 before.
func (f *Files) fit(before, after int64) error {
	more := blocks(after)
	if before >= 0 {
		more -= blocks(before)
	}
	if q := &f.quota; !q.measured || q.held+more > q.most {
		q.held, q.measured = f.measure(), true
	}
	if more > 0 && f.quota.held+more > f.quota.most {
		return &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"the files in the script's folders would take more than %d bytes: remove some, or raise files_bytes in runtime.toml, [bot.allow]", f.quota.most)}
	}
	f.quota.held += more
	return nil
}

// blocks is about what a file of that size takes on the disk.
func blocks(size int64) int64 { return max(size, fileBlock) }

// measure is how much there is where the script may write.
func (f *Files) measure() (sum int64) {
	for _, place := range f.write {
		filepath.WalkDir(filepath.Join(f.root, filepath.FromSlash(place)), func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // it isn't there, or is just being removed
			}
			info, err := d.Info()
			switch {
			case err != nil:
			case d.Type().IsRegular():
				sum += blocks(info.Size())
			default:
				sum += fileBlock
			}
			return nil
		})
	}
	return sum
}
