using Jumpbag.FileSystems;

namespace Jumpbag.Listing;

/// <summary>A file's type and permissions in words and letters.</summary>
public static class ModeText
{
    /// <summary>As ls -l shows them: "-rwsr-x--t".</summary>
    public static string Letters(Node node)
    {
        int mode = node.Permissions;
        return string.Concat(
            Letter(node.Type), Triple(mode >> 6, (mode & 0x800) != 0, 's'), Triple(mode >> 3, (mode & 0x400) != 0, 's'), Triple(mode, (mode & 0x200) != 0, 't'));
    }

    /// <summary>With the type's bits, as stat(2)'s st_mode.</summary>
    public static int Full(Node node) => node.Permissions | node.Type switch
    {
        FileType.Fifo => 0x1000,
        FileType.CharacterDevice => 0x2000,
        FileType.Directory => 0x4000,
        FileType.BlockDevice => 0x6000,
        FileType.Regular => 0x8000,
        FileType.SymbolicLink => 0xA000,
        FileType.Socket => 0xC000,
        _ => 0,
    };

    /// <summary>The word for JSON, and for find's -type the letter of <see cref="Letter"/>.</summary>
    public static string Word(FileType type) => type switch
    {
        FileType.Regular => "file",
        FileType.Directory => "directory",
        FileType.SymbolicLink => "symlink",
        FileType.CharacterDevice => "characterDevice",
        FileType.BlockDevice => "blockDevice",
        FileType.Fifo => "fifo",
        FileType.Socket => "socket",
        _ => "unknown",
    };

    public static string Letter(FileType type) => type switch
    {
        FileType.Regular => "-",
        FileType.Directory => "d",
        FileType.SymbolicLink => "l",
        FileType.CharacterDevice => "c",
        FileType.BlockDevice => "b",
        FileType.Fifo => "p",
        FileType.Socket => "s",
        _ => "?",
    };

    /// <summary>ls -F: "/" for directories, "@" for links, "*" for programs, "|" for fifos, "=" for sockets.</summary>
    public static string Mark(Node node) => node.Type switch
    {
        FileType.Directory => "/",
        FileType.SymbolicLink => "@",
        FileType.Fifo => "|",
        FileType.Socket => "=",
        FileType.Regular when (node.Permissions & 0x49) != 0 => "*",
        _ => "",
    };

    private static string Triple(int bits, bool special, char letter)
    {
        bool execute = (bits & 1) != 0;
        char last = special ? execute ? letter : char.ToUpperInvariant(letter) : execute ? 'x' : '-';
        return string.Concat((bits & 4) != 0 ? "r" : "-", (bits & 2) != 0 ? "w" : "-", last.ToString());
    }
}
