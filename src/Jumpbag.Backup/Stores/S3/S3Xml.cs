using System.Xml;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>The documents that a server sends: a page of a listing, a file's versions, and an error. Their elements have one text each.</summary>
internal static class S3Xml
{
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 64 << 20, IgnoreWhitespace = true, IgnoreComments = true };

    /// <summary>A page of a listing: the keys, and with which token the next one is asked for; null of the last.</summary>
    /// <exception cref="TransientException">It is none.</exception>
    public static (List<string> Keys, string? Next) Page(byte[] body)
    {
        var keys = new List<string>();
        string? next = null;
        bool goesOn = false;
        try
        {
            foreach ((string root, _, string name, string text) in Texts(body))
            {
                if (root != "ListBucketResult")
                    throw new TransientException("what it answers is no listing");
                if (name == "Key")
                    keys.Add(Uri.UnescapeDataString(text));
                else if (name == "IsTruncated")
                    goesOn = text == "true";
                else if (name == "NextContinuationToken")
                    next = text;
            }
        }
        catch (XmlException e)
        {
            throw new TransientException("what it answers is no listing", e);
        }
        return goesOn && next is null ? throw new TransientException("its listing has no next page, though it says so") : (keys, goesOn ? next : null);
    }

    /// <summary>The versions of a key, without the marks of its deletion; none of an answer that is no list of versions.</summary>
    /// <exception cref="TransientException">It is no XML.</exception>
    public static IReadOnlyList<string> Versions(byte[] body, string key)
    {
        var versions = new List<string>();
        string? current = null;
        try
        {
            foreach ((string root, string parent, string name, string text) in Texts(body))
            {
                if (root != "ListVersionsResult")
                    return [];
                if (parent != "Version")
                    continue;
                if (name == "Key")
                    current = Uri.UnescapeDataString(text);
                else if (name == "VersionId" && current == key)
                    versions.Add(text);
            }
        }
        catch (XmlException e)
        {
            throw new TransientException("what it answers is no listing", e);
        }
        return versions;
    }

    /// <summary>What an error says; null of a body that is none.</summary>
    public static S3Error? Error(byte[] body)
    {
        string? code = null, message = null, region = null;
        try
        {
            foreach ((string root, _, string name, string text) in Texts(body))
            {
                if (root != "Error")
                    return null;
                if (name == "Code")
                    code = text;
                else if (name == "Message")
                    message = text;
                else if (name == "Region")
                    region = text;
            }
        }
        catch (XmlException)
        {
            return null; // A proxy's page.
        }
        return code is null ? null : new(code, message ?? "", region);
    }

    /// <summary>Each text with its element, the root, and the root's child that it is in; the root first, without a text.</summary>
    private static IEnumerable<(string Root, string Parent, string Name, string Text)> Texts(byte[] body)
    {
        using var reader = XmlReader.Create(new MemoryStream(body), Settings);
        string root = "", parent = "", name = "";
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                name = reader.LocalName;
                if (reader.Depth == 1)
                    parent = name;
                if (root.Length == 0)
                    yield return (root = name, "", "", "");
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                yield return (root, parent, name, reader.Value);
            }
        }
    }
}

/// <param name="Region">Where the bucket is, if the server says so.</param>
internal sealed record S3Error(string Code, string Message, string? Region);
