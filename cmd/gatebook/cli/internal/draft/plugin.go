package draft

import (
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Plugin returns the files of a plugin to start from, by their names: a module with an
// action that keeps the contract, its tests, a Makefile and a workflow. gatebook is the
// version to build against, and local, where there is one, a folder that holds it.
func Plugin(name, gatebook, local string) map[string]string {
	replace := ""
	if local != "" {
		replace = "\nreplace github.com/gatebook/gatebook => " + strconv.Quote(local) + "\n" // it may hold a blank
	}
	fill := strings.NewReplacer("NAME", name, "GATEBOOK", gatebook, "REPLACE\n", replace)
	files := map[string]string{
		"go.mod":                   pluginModule,
		"main.go":                  pluginMain,
		"keep.go":                  pluginAction,
		"keep_test.go":             pluginTest,
		"Makefile":                 pluginMakefile,
		".github/workflows/ci.yml": pluginWorkflow,
		"greet.yaml":               pluginRunbook,
		"README.md":                pluginReadme,
		".gitignore":               "bin/\ndist/\n",
	}
	for file, text := range files {
		files[file] = fill.Replace(text)
	}
	return files
}

// Release is the version of gatebook that a plugin is built against, as Go modules write it:
// that of this gatebook, where it is a release.
func Release(gatebook string) (version string, released bool) {
	if version, err := semver.NewVersion(gatebook); err == nil && version.Prerelease() == "" {
		return "v" + version.String(), true
	}
	return "v0.1.0", false
}

const pluginModule = `module example.com/gatebook-plugin-NAME

go 1.26

require github.com/gatebook/gatebook GATEBOOK
REPLACE
`

const pluginMakefile = `# The version stands in main.go, and nowhere else.
VERSION   := $(shell sed -nE 's/.*Version: +"([^"]+)".*/\1/p' main.go)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
SHA256SUM := $(if $(shell command -v sha256sum),sha256sum,shasum -a 256)

# Without cgo, so that what is built here and what is released are the same bytes.
export CGO_ENABLED := 0

.PHONY: build
build: ## Build the plugin into bin/
	go build -trimpath -o bin/gatebook-plugin-NAME .

.PHONY: test
test: ## Run the tests
	go test ./...

# What a release needs so that one lock serves every platform:
#   gatebook plugins lock NAME --checksums dist/SHA256SUMS
.PHONY: dist
dist: ## Build for every platform, with checksums
	rm -rf dist && mkdir dist
	for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; suffix=; \
		if [ $$os = windows ]; then suffix=.exe; fi; \
		GOOS=$$os GOARCH=$$arch \
		go build -trimpath -o dist/gatebook-plugin-NAME_$(VERSION)_$${os}_$$arch$$suffix . || exit 1; \
	done
	cd dist && $(SHA256SUM) gatebook-plugin-* > SHA256SUMS
`

const pluginWorkflow = `name: ci
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {go-version-file: go.mod}
      - run: make test build
`

const pluginRunbook = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: greet, version: 1.0.0}
plugins:
  n: {source: "NAME"}
connections:
  here: {plugin: n, with: {folder: .}}
steps:
  - {id: greet, uses: n.keep, with: {name: greeting, text: hello}}
`

const pluginReadme = `# gatebook-plugin-NAME

A plugin of [gatebook](https://github.com/gatebook/gatebook).

    go mod tidy
    make test build
    gatebook plugins lock NAME --plugin-dir bin
    gatebook plan greet.yaml --plugin-dir bin
`
