"""A small Zotero library as Zotero exports it, and pieces of one."""

HEAD = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:bib="http://purl.org/net/biblio#"'
    ' xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:link="http://purl.org/rss/1.0/modules/link/"'
    ' xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/">\n'
)


def library(body: str) -> bytes:
    return f"{HEAD}{body}</rdf:RDF>\n".encode()


PREPRINT = """
<rdf:Description rdf:about="http://arxiv.org/abs/2603.00001">
  <z:itemType>preprint</z:itemType>
  <dc:publisher><foaf:Organization><foaf:name>arXiv</foaf:name></foaf:Organization></dc:publisher>
  <bib:authors><rdf:Seq>
    <rdf:li><foaf:Person><foaf:surname>Lovelace</foaf:surname>
      <foaf:givenName>Ada</foaf:givenName></foaf:Person></rdf:li>
    <rdf:li><foaf:Person><foaf:surname>The Engine Group</foaf:surname></foaf:Person></rdf:li>
  </rdf:Seq></bib:authors>
  <dcterms:isReferencedBy rdf:resource="#item_7"/>
  <link:link rdf:resource="#item_8"/>
  <dc:subject>to read</dc:subject>
  <dc:subject><z:AutomaticTag><rdf:value>Computer Science</rdf:value></z:AutomaticTag></dc:subject>
  <dc:title>On Engines &amp; Looms</dc:title>
  <dcterms:abstract>We weave.</dcterms:abstract>
  <dc:date>2026-03-01</dc:date>
  <dc:identifier><dcterms:URI>
    <rdf:value>http://arxiv.org/abs/2603.00001</rdf:value></dcterms:URI></dc:identifier>
  <dc:description>arXiv:2603.00001 [cs]</dc:description>
</rdf:Description>
<bib:Memo rdf:about="#item_7"><rdf:value>&lt;div class="znv1"&gt;&lt;h1&gt;First&lt;/h1&gt;
&lt;p&gt;A &lt;strong&gt;zeugma&lt;/strong&gt;.&lt;/p&gt;&lt;/div&gt;</rdf:value></bib:Memo>
<z:Attachment rdf:about="#item_8"><z:itemType>attachment</z:itemType>
  <dc:identifier><dcterms:URI>
    <rdf:value>https://arxiv.org/pdf/2603.00001.pdf</rdf:value></dcterms:URI></dc:identifier>
  <link:type>application/pdf</link:type></z:Attachment>
"""

ARTICLE = """
<bib:Article rdf:about="#item_9">
  <z:itemType>journalArticle</z:itemType>
  <dcterms:isPartOf rdf:resource="urn:issn:1234-5678"/>
  <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Babbage</foaf:surname>
    <foaf:givenname>Charles</foaf:givenname></foaf:Person></rdf:li></rdf:Seq></bib:authors>
  <dc:title>Differences</dc:title><dc:date>May 2024</dc:date><bib:pages>1-9</bib:pages>
</bib:Article>
<bib:Journal rdf:about="urn:issn:1234-5678">
  <dcterms:isPartOf><bib:Series><dc:title>A Series</dc:title></bib:Series></dcterms:isPartOf>
  <prism:volume>6</prism:volume><dc:title>Journal of Engines</dc:title>
  <dc:identifier>ISSN 1234-5678</dc:identifier>
  <dc:identifier>DOI 10.1000/eng.9</dc:identifier>
</bib:Journal>
"""

COLLECTIONS = """
<z:Collection rdf:about="#collection_1"><dc:title>Looms</dc:title>
  <dcterms:hasPart rdf:resource="#collection_2"/>
  <dcterms:hasPart rdf:resource="#item_9"/></z:Collection>
<z:Collection rdf:about="#collection_2"><dc:title>Jacquard</dc:title>
  <dcterms:hasPart rdf:resource="http://arxiv.org/abs/2603.00001"/></z:Collection>
"""

LIBRARY = library(PREPRINT + ARTICLE + COLLECTIONS)
