package durable

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A manifest says what counts of a flow's directory. It is one block of JSON.
type manifest struct {
	Instance uint64  `json:"instance"` // of the flow: a name may be used again
	Epoch    int64   `json:"epoch"`    // of the latest checkpoint, 0 for none
	Next     uint64  `json:"next"`     // the number of the next file
	Files    []entry `json:"files"`    // what the checkpoint consists of, the oldest first
	// Former are files that others took the place of, the oldest generation first.
	Former  [][]entry `json:"former,omitempty"`
	Adopted []flowRef `json:"adopted,omitempty"` // flows whose directories are to be removed
	Removed bool      `json:"removed,omitempty"` // this one is to be removed
}

// An entry is a state file as a manifest names it.
type entry struct {
	Number uint64 `json:"number"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Size   int64  `json:"size"`
}

func (e entry) name() string { return stateName(e.Number, e.From) }

func (f *stateFile) entry() entry { return entry{f.Number, f.From, f.To, f.Size} }

// A flowRef is a flow, and which of that name.
type flowRef struct {
	Flow     string `json:"flow"`
	Instance uint64 `json:"instance"`
}

func (m *manifest) encode() ([]byte, error) { return json.Marshal(m) }

func readManifest(fs vfs.FS, path string) (*manifest, error) {
	data, err := readSmall(fs, path, manifests)
	if isNotExist(err) {
		return nil, fmt.Errorf("%s is missing: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	return decodeManifest(path, data)
}

func decodeManifest(path string, data []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, &Corruption{path, headerSize, err.Error()}
	}
	if slices.ContainsFunc(m.Former, func(g []entry) bool { return len(g) == 0 }) {
		return nil, &Corruption{path, headerSize, "a former generation has no files"}
	}
	at := int64(0)
	for _, f := range m.Files {
		if f.From != at || f.To <= f.From {
			return nil, &Corruption{path, headerSize, fmt.Sprintf("%s does not begin where the file before it ends", f.name())}
		}
		at = f.To
	}
	if at != m.Epoch {
		return nil, &Corruption{path, headerSize, fmt.Sprintf("its files reach to epoch %d, not %d", at, m.Epoch)}
	}
	return m, nil
}

// Names of the files of a flow.
const manifestName = "manifest"

func logName(number uint64) string { return fmt.Sprintf("log-%06d", number) }

// stateName is the name of a state file. One that begins with nothing is a snapshot.
func stateName(number uint64, from int64) string {
	if from == 0 {
		return fmt.Sprintf("snapshot-%06d", number)
	}
	return fmt.Sprintf("delta-%06d", number)
}

// parseName reads the number of a file's name behind what it begins with.
func parseName(name string) (kind string, number uint64, ok bool) {
	kind, digits, ok := strings.Cut(name, "-")
	number, err := strconv.ParseUint(digits, 10, 64)
	return kind, number, ok && err == nil && fmt.Sprintf("%s-%06d", kind, number) == name
}
