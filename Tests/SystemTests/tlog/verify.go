// Verifies what `rota audit` signs and proves, with the packages of Go's checksum database, which know nothing of Rota.
//
//	verify KEY checkpoint FILE
//	verify KEY proof FILE ENTRY          the entry as it was hashed
//	verify KEY consistency OLD FILE      an earlier checkpoint, and what proves that the log went on from it
//	verify KEY report SIGNATURE FILE     a report, and what signs it
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"strings"

	"sumdb/note"
	"sumdb/tlog"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified")
}

func run(key, kind string, files []string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	read := func(name string) (string, error) {
		bytes, err := os.ReadFile(name)
		return string(bytes), err
	}
	first, err := read(files[0])
	if err != nil {
		return err
	}
	switch kind {
	case "checkpoint":
		_, err = open(first, verifier)
		return err
	case "report":
		signed, err := note.Open([]byte(first), note.VerifierList(verifier))
		if err != nil {
			return err
		}
		report, err := read(files[1])
		if err != nil {
			return err
		}
		if !strings.HasPrefix(signed.Text, fmt.Sprintf("rota report v1\nsha256 %x\nbytes %d\n", sha256.Sum256([]byte(report)), len(report))) {
			return fmt.Errorf("another report")
		}
		return nil
	case "proof":
		entry, err := read(files[1])
		if err != nil {
			return err
		}
		head, signed, found := strings.Cut(first, "\n\n")
		lines := strings.Split(head, "\n")
		if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
			return fmt.Errorf("no tlog-proof")
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		if err != nil {
			return err
		}
		tree, err := open(signed, verifier)
		if err != nil {
			return err
		}
		hashes, err := hashes(lines[2:])
		if err != nil {
			return err
		}
		return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash([]byte(entry)))
	case "consistency":
		old, err := open(first, verifier)
		if err != nil {
			return err
		}
		second, err := read(files[1])
		if err != nil {
			return err
		}
		head, signed, _ := strings.Cut(second, "\n\n")
		lines := strings.Split(head, "\n")
		if lines[0] != fmt.Sprintf("old %d", old.N) {
			return fmt.Errorf("not from this checkpoint")
		}
		tree, err := open(signed, verifier)
		if err != nil {
			return err
		}
		hashes, err := hashes(lines[1:])
		if err != nil {
			return err
		}
		return tlog.CheckTree(hashes, tree.N, tree.Hash, old.N, old.Hash)
	}
	return fmt.Errorf("unknown: %s", kind)
}

// open reads a signed checkpoint. Its first line is a name of ours, where the checksum database has its own.
func open(text string, verifier note.Verifier) (tlog.Tree, error) {
	signed, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(signed.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("another log: %s", origin)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		list = append(list, hash)
	}
	return list, nil
}
