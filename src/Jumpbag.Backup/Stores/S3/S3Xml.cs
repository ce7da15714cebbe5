using System.Xml;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>The two documents that a server sends: a page of a listing, and an error. Their elements have one text each.</summary>
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
            foreach ((string root, string name, string text) in Texts(body))
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

    /// <summary>What an error says; null of a body that is none.</summary>
    public static S3Error? Error(byte[] body)
    {
        string? code = null, message = null, region = null;
        try
        {
            foreach ((string root, string name, string text) in Texts(body))
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

    private static IEnumerable<(string Root, string Name, string Text)> Texts(byte[] body)
    {
        using var reader = XmlReader.Create(new MemoryStream(body), Settings);
        string root = "", name = "";
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                name = reader.LocalName;
                if (root.Length == 0)
                    yield return (root = name, "", "");
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                yield return (root, name, reader.Value);
            }
        }
    }
}

/// <param name="Region">Where the bucket is, if the server says so.</param>
internal sealed record S3Error(string Code, string Message, string? Region);
