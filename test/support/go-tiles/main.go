// Reads a log by its tiles with Go's own packages, and nothing of ours: the checkpoint under a pinned key, the root over all
// tiles, every entry's inclusion, and that an older tree is the beginning of this one.
//
//	go run . http://localhost:3001/ledger VKEY [OLDER-CHECKPOINT-FILE]
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type reader struct{ base string }

func (reader) Height() int                                { return 8 }
func (reader) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// Go writes the height as well: tile/8/0/000.
		all = append(all, get(r.base+"/"+strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
	}
	return all, nil
}

func get(url string) []byte {
	answer, err := http.Get(url)
	check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(err)
	if answer.StatusCode != 200 {
		panic(fmt.Sprintf("%s: %s", url, answer.Status))
	}
	return body
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func open(text []byte, verifier note.Verifier) tlog.Tree {
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	var origin, root string
	var size int64
	_, err = fmt.Sscan(signed.Text, &origin, &size, &root)
	check(err)
	if origin != verifier.Name() {
		panic("another log")
	}
	hash, err := tlog.ParseHash(root)
	check(err)
	return tlog.Tree{N: size, Hash: hash}
}

func entries(base string, size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 256 {
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: first / 256, W: int(min(256, size-first))}.Path(), "tile/8/0/", "tile/entries/", 1)
		for bundle := get(base + "/" + path); len(bundle) > 0; {
			length := int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return all
}

func main() {
	base := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	check(err)
	tree := open(get(base+"/checkpoint"), verifier)
	hashes := tlog.TileHashReader(tree, reader{base})
	root, err := tlog.TreeHash(tree.N, hashes)
	check(err)
	if root != tree.Hash {
		panic("the tiles are not under this root")
	}
	found := entries(base, tree.N)
	if int64(len(found)) != tree.N {
		panic("entries are missing")
	}
	for index, entry := range found {
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)))
	}
	fmt.Printf("%d entries of %s\n", tree.N, verifier.Name())
	if len(os.Args) > 3 {
		text, err := os.ReadFile(os.Args[3])
		check(err)
		older := open(text, verifier)
		proof, err := tlog.ProveTree(tree.N, older.N, hashes)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash))
		fmt.Printf("%d of them were there before\n", older.N)
	}
}
