// This file is empty, but for the compiler, which takes functions without a body only
// where there is one of its kind.
