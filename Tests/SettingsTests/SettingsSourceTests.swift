import Foundation
import Settings
import TestSupport
import Testing

@Suite struct SettingsSourceTests {
    private func make(_ paths: String..., in folder: String) throws {
        for path in paths {
            let whole = "\(folder)/\(path)"
            let parent = URL(filePath: whole).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            if whole.hasSuffix("/") {
                try FileManager.default.createDirectory(
                    atPath: whole,
                    withIntermediateDirectories: true
                )
            } else {
                try path.write(toFile: whole, atomically: true, encoding: .utf8)
            }
        }
    }

    @Test("The nearest file on the way up is found")
    func nearest() async throws {
        try await withTemporaryDirectory { folder in
            try make("pgsmoke.yml", "a/b/c/", "a/pgsmoke.yml", "d/", in: folder)
            let here = try SettingsSource.found(above: "\(folder)/a")
            #expect(here == SettingsSource(path: "pgsmoke.yml", text: "a/pgsmoke.yml"))
            let above = try SettingsSource.found(above: "\(folder)/a/b/c")
            #expect(
                above == SettingsSource(path: "\(folder)/a/pgsmoke.yml", text: "a/pgsmoke.yml")
            )
            #expect(try SettingsSource.found(above: "\(folder)/d")?.text == "pgsmoke.yml")
        }
    }

    @Test("The folder of a repository is the last one")
    func repository() async throws {
        try await withTemporaryDirectory { folder in
            try make("pgsmoke.yml", "a/.git/HEAD", "a/b/", "worktree/.git", in: folder)
            #expect(try SettingsSource.found(above: "\(folder)/a/b") == nil)
            #expect(try SettingsSource.found(above: "\(folder)/worktree") == nil)
            try make("a/pgsmoke.yaml", in: folder)
            #expect(try SettingsSource.found(above: "\(folder)/a/b")?.text == "a/pgsmoke.yaml")
        }
    }

    @Test("A stranger's file above is not taken unasked", .enabled(if: getuid() == 0))
    func stranger() async throws {
        try await withTemporaryDirectory { folder in
            try make("pgsmoke.yml", "a/", in: folder)
            chown("\(folder)/pgsmoke.yml", 12_345, 12_345)
            let error = #expect(throws: SettingsError.self) {
                try SettingsSource.found(above: "\(folder)/a")
            }
            #expect(error?.sentence.hasPrefix("the file belongs to another user") == true)
            #expect(try SettingsSource.found(above: folder)?.text == "pgsmoke.yml")
            #expect(try SettingsSource.named("\(folder)/pgsmoke.yml").text == "pgsmoke.yml")
            // A folder that was handed over as a whole is all of one owner's.
            chown("\(folder)/a", 12_345, 12_345)
            #expect(try SettingsSource.found(above: "\(folder)/a")?.text == "pgsmoke.yml")
        }
    }

    @Test("The root of the file system ends the way up", arguments: ["/", "/proc", "/no/such/one"])
    func root(folder: String) throws {
        #expect(try SettingsSource.found(above: folder) == nil)
    }

    @Test("Two files side by side are one too many")
    func two() async throws {
        try await withTemporaryDirectory { folder in
            try make("pgsmoke.yml", "pgsmoke.yaml", in: folder)
            let error = #expect(throws: SettingsError.self) {
                try SettingsSource.found(above: folder)
            }
            #expect(
                error?.message
                    == "pgsmoke.yml: there is pgsmoke.yaml beside it; keep one of the two"
            )
        }
    }

    @Test("What is no readable text is told, and never taken for no file")
    func unreadable() async throws {
        try await withTemporaryDirectory { folder in
            try make("pgsmoke.yml/", "loop/", "dangling/", in: folder)
            let files = FileManager.default
            try files.createSymbolicLink(
                atPath: "\(folder)/loop/pgsmoke.yml",
                withDestinationPath: "pgsmoke.yml"
            )
            try files.createSymbolicLink(
                atPath: "\(folder)/dangling/pgsmoke.yml",
                withDestinationPath: "gone"
            )
            let sentences = try ["", "/loop", "/dangling"].map { place in
                try #require(
                    #expect(throws: SettingsError.self) {
                        try SettingsSource.found(above: folder + place)
                    }
                ).message
            }
            #expect(sentences[0] == "pgsmoke.yml: this is a directory; name a file in it")
            #expect(sentences[1].hasPrefix("pgsmoke.yml: the file cannot be read (Too many"))
            #expect(sentences[2].hasPrefix("pgsmoke.yml: the file cannot be read (No such file"))
            let named = #expect(throws: SettingsError.self) {
                try SettingsSource.named("\(folder)/nothing.yml")
            }
            #expect(named?.sentence == "there is no such file; see -c, --config")
        }
    }

    @Test("A file of 1 MiB is read, a larger one is not, nor one that never ends")
    func size() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/x"
            let text = "# " + String(repeating: "x", count: 1 << 20)
            try String(text.prefix(1 << 20)).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try SettingsSource.named(path).text.utf8.count == 1 << 20)
            for path in [path, "/dev/zero"] {
                try text.write(toFile: "\(folder)/x", atomically: true, encoding: .utf8)
                let error = #expect(throws: SettingsError.self) { try SettingsSource.named(path) }
                #expect(error?.sentence.contains("larger than 1 MiB") == true)
            }
        }
    }

    @Test("A byte-order mark and Windows' line ends do no harm")
    func byteOrderMark() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/pgsmoke.yml"
            try "\u{FEFF}schemas: [a]\r\nroles:\r\n  app:\r\n".write(
                toFile: path,
                atomically: true,
                encoding: .utf8
            )
            let file = try SettingsFile(try SettingsSource.named(path))
            #expect(file.schemas.map(\.value) == ["a"])
            #expect(file.roles.map(\.name) == [Placed("app", line: 3)])
        }
    }
}
