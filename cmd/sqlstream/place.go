package main

import (
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
)

// A place is where the state of queries is: in memory, and where it is to outlive the
// process in a directory. paths are those below which files of statements must be.
type place struct {
	dir, memory string
	paths       []string
}

func (p *place) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.dir, "dir", "", "keep tables, queries and their state in this directory; queries that ran in it go on")
	cmd.Flags().StringVar(&p.memory, "memory", "", "the most memory that all queries may hold, such as 8GiB (default half of the machine's)")
	cmd.Flags().StringArrayVar(&p.paths, "restrict-paths", nil, "let statements read and write files only below this directory; may be given several times")
}

func (p *place) check() error {
	if n, err := humanize.ParseBytes(p.memory); p.memory != "" && p.memory != "auto" && (err != nil || n == 0) {
		return usagef("--memory takes a size such as 8GiB, not '%s'", p.memory)
	}
	return nil
}

// options are those by which a database is opened there.
func (p *place) options() []sqlstream.Option {
	var out []sqlstream.Option
	if p.dir != "" {
		out = append(out, sqlstream.WithDir(p.dir))
	}
	if p.memory != "" {
		out = append(out, sqlstream.WithMemory(p.memory))
	}
	if len(p.paths) > 0 {
		out = append(out, sqlstream.WithRestrictedPaths(p.paths...))
	}
	return out
}
