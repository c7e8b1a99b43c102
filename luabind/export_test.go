package luabind

import "slices"

// Names that can't be seen in a VM: what a metatable's function answers to, and
// what tables that scripts make may have.
var (
	MediaFields = slices.Concat(mediaFields, []string{"read", "save"})
	ContentKeys = contentKeys
)
