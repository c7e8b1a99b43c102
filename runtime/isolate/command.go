package isolate

import "fmt"

// Command is what starts this very program, with an argument by which it knows that
// it is to call [Main].
func Command(arg string) ([]string, error) {
	path, err := executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start it for scripts: %w", err)
	}
	return []string{path, arg}, nil
}
