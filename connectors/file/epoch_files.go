package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// epochFiles makes a file of each epoch. Its name holds the run too, so that a query
// that is started anew, and counts its epochs from 1, does not write over the files
// of an earlier one. A run is claimed by making a file, so that two queries never share
// one: a hidden one, gone with the sink, or, for a query that outlives the process, the
// manifest by which it finds its run again.
type epochFiles struct {
	dir    string
	suffix string
	query  string // "" for one that does not outlive the process
	run    int64
	claim  string
}

// A manifest says which query has made the files of a run.
type manifest struct {
	Version int    `json:"version"`
	Query   string `json:"query"`
	Run     int64  `json:"run"`
}

var runName = regexp.MustCompile(`^[._]?run-(\d+)(?:$|\.json$|-epoch-(\d+)\.)`)

func (p *epochFiles) name(epoch int64) string {
	return fmt.Sprintf("run-%04d-epoch-%08d%s", p.run, epoch, p.suffix)
}

func (p *epochFiles) stagePath(epoch int64) string { return filepath.Join(p.dir, "."+p.name(epoch)) }

func (p *epochFiles) manifestPath(run int64) string {
	return filepath.Join(p.dir, fmt.Sprintf("_run-%04d.json", run))
}

// recover finds the query's run, and in it the last epoch that has happened; one that
// begins, or whose run somebody has removed, takes a free run.
func (p *epochFiles) recover(happened int64) error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	var highest int64
	for _, e := range entries {
		m := runName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		run, _ := strconv.ParseInt(m[1], 10, 64)
		highest = max(highest, run)
		if p.query != "" && p.isOurs(run) {
			p.run = max(p.run, run)
		}
	}
	if p.run == 0 {
		return p.claimAfter(highest)
	}
	for _, e := range entries {
		if err := p.settle(e.Name(), happened); err != nil {
			return err
		}
	}
	if happened == 0 {
		return p.claimAfter(highest)
	}
	return nil
}

func (p *epochFiles) isOurs(run int64) bool {
	var m manifest
	text, err := os.ReadFile(p.manifestPath(run))
	return err == nil && json.Unmarshal(text, &m) == nil && m.Query == p.query && m.Run == run
}

// settle publishes or removes a stage of the query's run.
func (p *epochFiles) settle(name string, happened int64) error {
	m := runName.FindStringSubmatch(name)
	if m == nil || m[2] == "" {
		return nil
	}
	run, _ := strconv.ParseInt(m[1], 10, 64)
	epoch, _ := strconv.ParseInt(m[2], 10, 64)
	switch {
	case run != p.run:
		return nil
	case name == "."+p.name(epoch) && epoch == happened:
		return p.publish(epoch)
	case name[0] == '.':
		return os.Remove(filepath.Join(p.dir, name))
	case happened > 0 && epoch > happened:
		return fmt.Errorf("%s is there, and the last epoch of query %s that its state knows of is %d: is that an older copy?", filepath.Join(p.dir, name), p.query, happened)
	}
	return nil
}

// claimAfter takes the first free run.
func (p *epochFiles) claimAfter(run int64) error {
	for {
		run++
		text, name := []byte(nil), filepath.Join(p.dir, fmt.Sprintf(".run-%04d", run))
		if p.query != "" {
			text, _ = json.Marshal(manifest{1, p.query, run})
			name = p.manifestPath(run)
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		p.run = run
		if p.query == "" {
			p.claim = name
		}
		_, err = f.Write(text)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		return syncDir(p.dir)
	}
}

func (p *epochFiles) begins() (bool, error) { return true, nil }
func (p *epochFiles) always() bool          { return false }

func (p *epochFiles) publish(epoch int64) error {
	return rename(p.stagePath(epoch), filepath.Join(p.dir, p.name(epoch)))
}

func (p *epochFiles) close() error {
	if p.claim == "" {
		return nil
	}
	return os.Remove(p.claim)
}
